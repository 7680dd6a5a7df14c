//! The rules of the section `[routes]`.

use super::super::{Sources, load};
use crate::domain::credits::{Amounts, Credits};
use crate::domain::route::{Access, Method, Price, VendorPath};

fn file(text: &str) -> Sources {
    let key = [("TOLLGATE_VENDOR__API_KEY", "vendor-key-0123456789")];
    Sources::none().with_environment(key).with_text("tollgate.toml", text)
}

fn access_of(sources: &Sources, team: &str, path: &str) -> Option<Access> {
    let routes = load(sources).unwrap().config.routes;
    let path = VendorPath::of(path).unwrap();
    let taken = routes.taken(&team.parse().unwrap(), Method::Get, &path)?;
    Some(taken.route.access.clone())
}

#[test]
fn the_defaults_forward_free_paths_and_refuse_paths_that_may_cost() {
    let access = |path| access_of(&file(""), "sales", path);
    for read in ["/users", "/contacts/7", "/excluded-domains", "/calls/7/x", "/lead-lists/7"] {
        assert_eq!(access(read), Some(Access::ReadOnly), "{read}");
    }
    for refused in ["/people/search", "/companies/enrichment-requests/7", "/phone-numbers/review"] {
        assert_eq!(access(refused), Some(Access::Refused), "{refused}");
    }
    let each = Amounts { email: Credits::from_thousandths(1000), phone: Credits::ZERO };
    let price = Price { amounts: each, per: Some("/emails".to_owned()) };
    assert_eq!(access("/email-validations"), Some(Access::Priced(price)));
    assert_eq!(access("/lists"), None);
}

#[test]
fn a_file_changes_single_routes_and_a_flag_overrides_it() {
    let text = "[routes]\n\"/people/search\" = \"free\"\n\"/companies/find\" = { email = 0.5 }\n";
    let sources = file(text).with_flags([
        "routes.\"/people/search\"=refused",
        "routes.teams.growth.\"/people/search\"={ access = \"free\", requests_per_minute = 60 }",
    ]);
    assert_eq!(access_of(&sources, "sales", "/people/search"), Some(Access::Refused));
    assert_eq!(access_of(&sources, "growth", "/people/search"), Some(Access::Free));
    let Some(Access::Priced(price)) = access_of(&sources, "sales", "/companies/find") else {
        panic!("it has a price");
    };
    assert_eq!((price.amounts.email, price.per), (Credits::from_thousandths(500), None));
    assert_eq!(access_of(&sources, "sales", "/users"), Some(Access::ReadOnly));
}

#[test]
fn routes_print_as_they_are_written() {
    let text = "[routes]\n\"/a\" = { email = 1, phone = 0.5, per = \"/x\" }\n\
                    [routes.teams.\"eu.sales\"]\n\
                    \"POST /a/*\" = { access = \"free\", requests_per_minute = 60 }\n";
    let printed = load(&file(text)).unwrap().in_force.to_string();
    for line in [
        "[routes]",
        "\"/contacts/*\" = \"read\"  # default",
        "\"/email-validations\" = { email = 1, per = \"/emails\" }  # default",
        "\"/a\" = { email = 1, phone = 0.5, per = \"/x\" }  # tollgate.toml:2:1",
        "[routes.teams.\"eu.sales\"]",
        "\"POST /a/*\" = { access = \"free\", requests_per_minute = 60 }  # tollgate.toml:4:1",
    ] {
        assert!(printed.lines().any(|printed| printed == line), "{line} is not in\n{printed}");
    }
    let again = load(&file(&printed.replace("\"<redacted>\"", "\"key-0123456789\"")));
    assert!(again.is_ok(), "{again:?}");
}

#[test]
fn an_invalid_route_is_reported_with_its_place_and_a_remedy() {
    let text = "\
[routes]
\"people/search\" = \"free\"
\"/people/find\" = \"free\"
\"FETCH /tasks\" = \"free\"
\"/a/*/b\" = \"free\"
\"/a?b\" = \"free\"
\"/b\" = \"passed\"
\"/c\" = 1
\"/d\" = { email = -1 }
\"/e\" = { email = 0 }
\"/f\" = { email = 1, per = \"emails\" }
\"/g\" = { emails = 1 }
\"/h\" = { access = \"free\", email = 1 }
\"/i\" = { access = \"free\", requests_per_minute = 0 }
\"/j\" = { email = 1, requests_per_minute = 60 }
\"/k\" = {}
\"/l.json\" = \"free\"
\"/m\" = { access = \"refused\", requests_per_minute = 60 }
\"/n\" = \"free\"
\"/N/\" = \"refused\"
teams = \"none\"
";
    let reported = load(&file(text)).unwrap_err().to_string();
    let lines: Vec<_> = reported.lines().collect();
    assert_eq!(lines.len(), 20, "{reported}");
    // The twentieth line of the file is valid; the next one repeats its route.
    for (line, number) in lines.iter().zip((2..20).chain([21])) {
        let place = format!("tollgate.toml:{number}:1: routes.");
        assert!(line.starts_with(&place) && line.contains("; "), "{line}");
    }
    assert_eq!(
        lines[1],
        "tollgate.toml:3:1: routes.\"/people/find\": is one of the gateway's own paths; remove it: \
         this path always goes through the ledger"
    );
    assert_eq!(
        lines[7],
        "tollgate.toml:9:1: routes.\"/d\": -1 is not a number of credits; \
             write one such as 0.5, with at most three decimals"
    );
}

#[test]
fn a_price_of_validations_is_per_address() {
    let reported = |text: &str| load(&file(text)).map(|_| ()).map_err(|faults| faults.to_string());
    for fit in [
        "\"/email-validations\" = { email = 0.5, per = \"/emails\" }",
        "\"/email-validations\" = \"free\"",
        "\"/*\" = { email = 1, phone = 1 }",
        "\"GET /email-validations\" = { phone = 1 }",
        "teams.sales.\"/lists\" = { phone = 1 }",
    ] {
        assert_eq!(reported(&format!("[routes]\n{fit}\n")), Ok(()), "{fit}");
    }
    for (unfit, key) in [
        ("\"/email-validations\" = { email = 1 }", "routes.\"/email-validations\""),
        (
            "\"POST /email-validations\" = { phone = 1, per = \"/emails\" }",
            "routes.\"POST /email-validations\"",
        ),
        (
            "\"/email-validations\" = { email = 1, per = \"/addresses\" }",
            "routes.\"/email-validations\"",
        ),
        ("teams.sales.\"/*\" = { email = 1 }", "routes.teams.sales.\"/*\""),
    ] {
        let reported = reported(&format!("[routes]\n{unfit}\n")).unwrap_err();
        assert!(
            reported.contains(&format!("{key}: has a price for email validations")),
            "{reported}"
        );
        assert_eq!(reported.lines().count(), 2, "{reported}");
    }
}

#[test]
fn a_route_in_the_environment_is_refused_with_a_remedy() {
    let reported = |sources: &Sources| load(sources).unwrap_err().to_string();
    let variable = file("").with_environment([
        ("TOLLGATE_VENDOR__API_KEY", "vendor-key-0123456789"),
        ("TOLLGATE_ROUTES__X", "free"),
    ]);
    assert!(
        reported(&variable)
            .contains("TOLLGATE_ROUTES__X: routes.x: environment variables cannot set routes")
    );
    let flag = file("").with_flags(["routes./people/search=free"]);
    assert!(
        reported(&flag).contains("--set 'routes.\"/people/search\"=free'"),
        "{}",
        reported(&flag)
    );
    let team = file("[routes.teams.Sales]\n\"/a\" = \"free\"\n");
    assert!(
        reported(&team)
            .starts_with("tollgate.toml:1:15: routes.teams.Sales: is not a valid team name")
    );
}

#[test]
fn routes_that_are_probably_not_meant_cause_warnings() {
    let warned = |text: &str| {
        let warnings = load(&file(text)).unwrap().warnings;
        warnings.iter().filter(|remark| remark.key.starts_with("routes.")).count()
    };
    assert_eq!(warned(""), 0);
    assert_eq!(warned("[routes]\n\"/*\" = \"free\""), 1);
    assert_eq!(warned("[routes]\n\"/*\" = \"read\""), 1);
    assert_eq!(warned("[routes]\n\"/*\" = { email = 1 }"), 0);
    assert_eq!(warned("[routes]\n\"/a\" = { access = \"free\", requests_per_minute = 501 }"), 1);
}
