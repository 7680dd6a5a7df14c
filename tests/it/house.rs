//! The house rules that no compiler holds: who may name whom, how long a file may be, and that
//! the pages in `docs/` say what the code says.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Which modules each module may name. `lib`, `main` and `app` put everything together.
const MAY_NAME: [(&str, &[&str]); 13] = [
    ("domain", &[]),
    ("clock", &["domain"]),
    ("config", &["domain", "remote"]),
    ("disk", &[]),
    ("remote", &[]),
    ("ledger", &["domain", "clock", "disk", "remote"]),
    ("vault", &["domain", "clock", "disk", "remote"]),
    ("export", &["domain", "ledger"]),
    ("vendor", &["domain", "config", "clock"]),
    ("telemetry", &["domain", "config", "clock"]),
    ("gateway", &["domain", "ledger", "vault", "export", "vendor", "clock", "telemetry"]),
    ("http", &["domain", "gateway", "config", "telemetry"]),
    ("sandbox", &[]),
];
const MAY_NAME_ANYTHING: [&str; 3] = ["lib", "main", "app"];

/// How the keys of routes begin, which have a page of their own.
const ROUTES: &str = "routes.";

const LINES_MAX: usize = 400;
const LINES_MEDIAN_MAX: usize = 150;

#[test]
fn a_module_names_only_what_lies_below_it() {
    let source = root().join("src");
    for file in files_below(&source, "rs") {
        let first = file.strip_prefix(&source).unwrap().components().next().unwrap();
        let module = Path::new(&first).file_stem().unwrap().to_str().unwrap();
        if MAY_NAME_ANYTHING.contains(&module) {
            continue;
        }
        let rule = MAY_NAME.iter().find(|(name, _)| *name == module);
        let (_, below) = rule.unwrap_or_else(|| panic!("say here whom `{module}` may name"));
        for named in modules_named(&read(&file)) {
            let allowed = named == module || below.contains(&named.as_str());
            assert!(allowed, "{}: `{module}` must not name `{named}`", file.display());
        }
    }
}

#[test]
fn every_way_to_name_a_module_is_seen() {
    let text = "
        use crate::clock::Clock;
        use crate::{domain::{time, team::TeamId}, vault};
        fn f() -> crate::ledger::Entry {} // crate::http is only talked about
        pub(crate) struct S;
    ";
    let named: Vec<_> = modules_named(text).into_iter().collect();
    assert_eq!(named, ["clock", "domain", "ledger", "vault"]);
}

#[test]
fn no_file_is_long_and_most_are_short() {
    let files = ["src", "tests"].map(|folder| files_below(&root().join(folder), "rs")).concat();
    let mut lengths = Vec::new();
    for file in files {
        let lines = read(&file).lines().count();
        assert!(lines <= LINES_MAX, "{} has {lines} lines: find the second noun", file.display());
        lengths.push(lines);
    }
    lengths.sort_unstable();
    let median = lengths[lengths.len() / 2];
    assert!(median <= LINES_MEDIAN_MAX, "half of the files have {median} lines or more");
}

#[test]
fn every_link_between_pages_leads_somewhere() {
    let mut links = 0;
    for page in pages() {
        for target in read(&page).split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let path = target.split('#').next().unwrap();
            if target.contains("://") || path.is_empty() {
                continue;
            }
            assert!(page.with_file_name(path).exists(), "{}: {target}", page.display());
            links += 1;
        }
    }
    assert!(links > 0, "no link was found at all");
}

#[test]
fn the_settings_on_the_page_are_the_settings_there_are() {
    let settings = settings_with_defaults();
    let page = read(&root().join("docs/configuration.md"));
    for (key, default) in settings.iter().filter(|(key, _)| !key.starts_with(ROUTES)) {
        let row = row_of(&page, key);
        let row = row.unwrap_or_else(|| panic!("{key} is not on docs/configuration.md"));
        let told = match default {
            Some(default) => format!("| `{default}` |"),
            None => "| none |".to_owned(),
        };
        assert!(row.contains(&told), "the default of {key} is {default:?}, not as in {row}");
    }
    for key in first_cells(&page).filter(|cell| cell.contains('.')) {
        assert!(settings.iter().any(|(known, _)| *known == key), "{key} is no setting");
    }
}

#[test]
fn the_routes_on_the_page_are_the_defaults() {
    let page = read(&root().join("docs/routes.md"));
    let table = page.split_once("| path | default | why |").unwrap().1;
    let table = table.split("\n\n").next().unwrap().lines().skip(2);
    let told: Vec<_> = table
        .map(|row| {
            let cells: Vec<_> = row.trim_matches('|').split('|').map(str::trim).collect();
            let [path, default, why] = cells[..] else { panic!("{row}") };
            assert!(!why.is_empty(), "{row} gives no reason");
            (path.trim_matches('`').to_owned(), default.trim_matches('`').to_owned())
        })
        .collect();
    let settings = settings_with_defaults().into_iter().filter_map(|(key, default)| {
        let pattern = key.strip_prefix(ROUTES)?.trim_matches('"').to_owned();
        Some((pattern, default?))
    });
    assert_eq!(told, settings.collect::<Vec<_>>());
}

#[test]
fn the_metrics_on_the_page_are_the_metrics_there_are() {
    let page = read(&root().join("docs/metrics.md"));
    let told: BTreeSet<_> =
        first_cells(&page).filter(|cell| cell.starts_with("tollgate_")).collect();
    let source = root().join("src/telemetry/metrics");
    let is_test = |file: &PathBuf| file.ends_with("tests.rs");
    let text: String =
        files_below(&source, "rs").iter().filter(|file| !is_test(file)).map(|f| read(f)).collect();
    let literals = text.split('"').filter(|literal| literal.starts_with("tollgate_"));
    assert_eq!(told, literals.collect::<BTreeSet<_>>());
}

#[test]
fn the_endpoints_on_the_page_are_the_endpoints_there_are() {
    let page = read(&root().join("docs/api.md"));
    let calls = first_cells(&page).filter_map(|cell| cell.split_once(' '));
    let told: BTreeSet<_> =
        calls.filter(|(_, path)| path.starts_with('/')).map(|(_, path)| path).collect();
    let sides =
        ["public", "operator"].map(|side| root().join("src/http").join(side).join("mod.rs"));
    let text = sides.map(|file| read(&file)).concat();
    let routes = text.split(".route(\"").skip(1).filter_map(|rest| rest.split('"').next());
    assert_eq!(told, routes.collect::<BTreeSet<_>>());
}

#[test]
fn the_habits_on_the_page_are_the_tests_there_are() {
    let page = read(&root().join("docs/compatibility.md"));
    let told: BTreeSet<_> = first_cells(&page).map(str::to_owned).collect();
    let mut tests = BTreeSet::new();
    for file in files_below(&root().join("tests/it/compat"), "rs") {
        let module = file.file_stem().unwrap().to_str().unwrap().to_owned();
        let text = read(&file);
        let tested = text.split("#[tokio::test").skip(1);
        let names = tested.filter_map(|rest| rest.split("async fn ").nth(1)?.split('(').next());
        tests.extend(names.map(|name| format!("{module}::{name}")));
    }
    assert!(!tests.is_empty(), "no test was found at all");
    assert_eq!(told, tests);
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(file: &Path) -> String {
    fs::read_to_string(file).unwrap_or_else(|why| panic!("{}: {why}", file.display()))
}

fn files_below(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("the folder is part of the repository") {
        let path = entry.expect("a folder of the repository can be listed").path();
        if path.is_dir() && !path.ends_with("target") {
            files.extend(files_below(&path, extension));
        } else if path.extension().is_some_and(|found| found == extension) {
            files.push(path);
        }
    }
    files.sort();
    files
}

fn pages() -> Vec<PathBuf> {
    let on_top = ["README.md", "CHANGELOG.md"].map(|name| root().join(name));
    let on_top = on_top.into_iter().filter(|page| page.exists());
    on_top.chain(files_below(&root().join("docs"), "md")).collect()
}

/// The top-level modules that follow a `crate::`, alone or in braces, outside comments.
fn modules_named(text: &str) -> BTreeSet<String> {
    let code: String = text.lines().filter_map(|line| line.split("//").next()).collect();
    let mut named = BTreeSet::new();
    for path in code.split("crate::").skip(1) {
        let mut depth = 0_usize;
        let mut is_start = true;
        for (position, c) in path.char_indices() {
            match c {
                '{' => depth += 1,
                '}' => depth = depth.saturating_sub(1),
                ',' if depth == 1 => is_start = true,
                _ if is_start && c.is_ascii_alphabetic() => {
                    let name = path[position..].split(|c: char| !c.is_alphanumeric() && c != '_');
                    named.extend(name.take(1).map(str::to_owned));
                    is_start = false;
                }
                _ => {}
            }
            if depth == 0 && !is_start {
                break;
            }
        }
    }
    named
}

/// The settings of `config/tollgate.toml`; those without a default stand there as `#name = …`.
fn settings_with_defaults() -> Vec<(String, Option<String>)> {
    let mut section = String::new();
    let mut settings = Vec::new();
    for line in read(&root().join("config/tollgate.toml")).lines() {
        if let Some(name) = line.strip_prefix('[') {
            name.trim_end_matches(']').clone_into(&mut section);
        } else if let Some((name, value)) = line.split_once(" = ")
            && !name.starts_with("# ")
        {
            let default = value.trim_matches('"').to_owned();
            let default = (!name.starts_with('#')).then_some(default);
            settings.push((format!("{section}.{}", name.trim_start_matches('#')), default));
        }
    }
    assert!(settings.len() > 20, "the settings were not found: {settings:?}");
    settings
}

fn row_of<'p>(page: &'p str, cell: &str) -> Option<&'p str> {
    page.lines().find(|line| line.starts_with(&format!("| `{cell}` |")))
}

/// What stands in the first column of a page's tables.
fn first_cells(page: &str) -> impl Iterator<Item = &str> {
    page.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next())
}
