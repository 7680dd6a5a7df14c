//! Shell completion.

use super::run;
use crate::support::gateway::{ADMIN_TOKEN, TestGateway};

/// What bash is offered after these words, the last of which is being written.
fn offered(words: &[&str], environment: &[(&str, &str)]) -> Vec<String> {
    let index = (words.len() - 1).to_string();
    let shell =
        [("TOLLGATE_COMPLETE", "bash"), ("_CLAP_IFS", "\n"), ("_CLAP_COMPLETE_INDEX", &index)];
    let ran = run(&[&["--"], words].concat(), &[&shell, environment].concat());
    assert_eq!(ran.code, 0, "{ran:?}");
    ran.out.split_whitespace().map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shell_is_offered_commands_and_the_names_of_teams() {
    let gateway = TestGateway::start().await;
    gateway.team("sales", 1).await;
    gateway.team("growth", 1).await;
    let url = format!("http://{}", gateway.app.operators);
    let environment = [("TOLLGATE_URL", url.as_str()), ("TOLLGATE_TOKEN", ADMIN_TOKEN)];
    let commands = offered(&["tollgate", "qu"], &environment);
    assert_eq!(commands, ["quota"]);
    assert_eq!(offered(&["tollgate", "quota", "list", "s"], &environment), ["sales"]);
    let names = offered(&["tollgate", "batch", "list", "--team", ""], &environment);
    assert_eq!(names, ["growth", "sales"]);
    gateway.finish().await;
}

#[test]
fn where_no_gateway_answers_commands_are_offered_all_the_same() {
    assert_eq!(offered(&["tollgate", "quota", "list", "s"], &[]), Vec::<String>::new());
    assert_eq!(offered(&["tollgate", "usa"], &[]), ["usage"]);
}

#[test]
fn each_shell_is_taught_to_ask() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ran = run(&["completion", shell], &[]);
        assert_eq!(ran.code, 0, "{ran:?}");
        assert!(ran.out.contains("TOLLGATE_COMPLETE"), "{shell}: {}", ran.out);
    }
}
