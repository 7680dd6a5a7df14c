use super::*;

fn shown(text: &str) -> String {
    text.parse::<Address>().unwrap().to_string()
}

fn wrong(text: &str) -> String {
    text.parse::<Address>().unwrap_err().wrong
}

#[test]
fn an_address_shows_every_part_and_hides_the_password() {
    for (text, reported) in [
        ("redis://localhost", "redis://localhost:6379/0?namespace=default"),
        ("redis://[::1]:1/3", "redis://[::1]:1/3?namespace=default"),
        (
            "rediss://ada:se%40same@x.io?replicas=2&namespace=eu.1",
            "rediss://ada:<redacted>@x.io:6379/0?namespace=eu.1&replicas=2",
        ),
        ("redis://:sesame@x.io", "redis://:<redacted>@x.io:6379/0?namespace=default"),
        ("rediss://x.io?ca=/etc/ca.pem", "rediss://x.io:6379/0?namespace=default&ca=/etc/ca.pem"),
        (
            "redis-cluster://a:1,b?tls=true",
            "redis-cluster://a:1,b:6379/?namespace=default&tls=true",
        ),
        (
            "redis-sentinel://:p@a,b:2/books",
            "redis-sentinel://:<redacted>@a:26379,b:2/books?namespace=default",
        ),
    ] {
        assert_eq!(shown(text), reported);
    }
}

#[test]
fn a_displayed_address_parses_to_the_same_address() {
    for text in [
        "redis://a:1/2?namespace=n&replicas=3",
        "rediss://a?ca=ca.pem",
        "redis-cluster://[::1]:1,b?tls=true&ca=ca.pem",
        "redis-sentinel://a,b/books?tls=true",
    ] {
        assert_eq!(shown(&shown(text)), shown(text));
    }
}

#[test]
fn a_login_is_decoded() {
    let address: Address = "redis://ada%3Al:%25%2f%3f%40%23@x.io".parse().unwrap();
    let login = address.login.unwrap();
    assert_eq!(login.user.as_deref(), Some("ada:l"));
    assert_eq!(secrecy::ExposeSecret::expose_secret(&login.password), "%/?@#");
}

#[test]
fn an_invalid_address_is_reported_with_its_fault() {
    for (text, reported) in [
        ("", "is not the address of a Redis"),
        ("localhost:6379", "is not the address of a Redis"),
        ("http://x.io", "is not the address of a Redis"),
        ("redis://", "has no host"),
        ("redis://:1", "has no host"),
        ("redis-cluster://a,,b", "has no host"),
        ("redis://a,b", "names several hosts"),
        ("redis://a:0", "has an invalid port"),
        ("redis://a:66000", "has an invalid port"),
        ("redis://::1", "has no host"),
        ("redis://[::1", "has a [ without its ]"),
        ("redis://[::1]1", "has an invalid port"),
        ("redis://[localhost]", "has an invalid host"),
        ("redis://a b", "has an invalid host"),
        ("redis://host\n", "has an invalid host"),
        ("redis:/:sesame@x.io", "is not the address of a Redis"),
        ("redis://a/99999", "has a path that is not a database"),
        ("redis://a?family=6", "has an unknown query parameter"),
        ("redis://a/first", "has a path that is not a database"),
        ("redis-cluster://a/1", "names a database"),
        ("redis-sentinel://a", "does not name one service"),
        ("redis-sentinel://a/", "does not name one service"),
        ("redis-sentinel://a/b/c", "does not name one service"),
        ("redis://ada@x.io", "has no password before its @"),
        ("redis://ada:%ff@x.io", "has parts that are not UTF-8"),
        ("redis://a?replicas=0", "has an invalid number of replicas"),
        ("redis://a?replicas=many", "has an invalid number of replicas"),
        ("redis://a?namespace=", "has an invalid namespace"),
        ("redis://a?namespace=a}b", "has an invalid namespace"),
        ("redis://a?name=b", "has an unknown query parameter"),
        ("redis-cluster://a?tls=yes", "has an unknown query parameter"),
        ("redis://a?tls=true", "sets tls=true"),
        ("redis://a?ca=ca.pem", "sets ca for connections without TLS"),
    ] {
        assert_eq!(wrong(text), reported, "{text}");
    }
}

#[test]
fn no_error_and_no_debug_output_shows_a_password() {
    for text in [
        "redis://ada:sesame@x.io",
        "redis://ada:sesame/@x.io",
        "redis://ada:ses?ame=sesame@x.io",
        "redis://sesame@x.io",
        "redis://ada:sesame@x.io:sesame",
        "redis-sentinel://ada:sesame@x.io",
        "redis:/:sesame@x.io",
        "redis://:sesame",
        "redis://x.io?password=sesame",
    ] {
        let reported = format!("{:?}", text.parse::<Address>());
        assert!(!reported.contains("sesame"), "{reported}");
    }
}
