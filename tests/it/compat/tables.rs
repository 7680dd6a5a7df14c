//! Tables as other tools export them.

use serde_json::{Value, json};

use super::scripts::Program;
use super::{SOON, gateway};

/// Five people, each with cells left blank that others have.
const PANDAS: &str = "\
linkedin_url,email,name,title,company_name,company_domain
https://www.linkedin.com/in/ada-reachable,,,,,
,grace-reachable@navy.example,,,,
,,Alan Reachable,,Bletchley Park,
,,Joan Reachable,Cryptanalyst,,bletchley.example
https://www.linkedin.com/in/mary-reachable,mary-reachable@x.example,Mary Reachable,,,
";

const HUBSPOT: &str = "\
Record ID,First Name,Last Name,Email,Phone Number,Contact owner,Lead Status,Job Title,Company Name,\
Company Domain Name,LinkedIn URL
1,,,,,,,,,,https://www.linkedin.com/in/ada-reachable
2,,,grace-reachable@navy.example,,,New,,,,
3,Alan,Reachable,,,Sales,,,Bletchley Park,,
4,Joan,Reachable,,,,,Cryptanalyst,,bletchley.example,
5,Mary,Reachable,mary-reachable@x.example,+44 20 7946 0000,,Open,,,,https://www.linkedin.com/in/mary-reachable
";

const SALESFORCE: &str = "\
\"First Name\",\"Last Name\",\"Title\",\"Company / Account\",\"Email\",\"Website\",\"LinkedIn Profile\"
\"\",\"\",\"\",\"\",\"\",\"\",\"https://www.linkedin.com/in/ada-reachable\"
\"\",\"\",\"\",\"\",\"grace-reachable@navy.example\",\"\",\" \"
\"Alan\",\"Reachable\",\"\",\"Bletchley Park\",\"\",\"\",\"\"
\"Joan\",\"Reachable\",\"Cryptanalyst\",\"\",\"\",\"bletchley.example\",\"\"
\"Mary\",\"Reachable\",\" \",\"\",\"mary-reachable@x.example\",\"\",\"https://www.linkedin.com/in/mary-reachable\"
";

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_an_export_are_leads_with_their_blank_cells_left_out() {
    let gateway = gateway().await;
    let team = gateway.team("sales", 100).await;
    let mut people = Vec::new();
    for (tool, table) in [("pandas", PANDAS), ("hubspot", HUBSPOT), ("salesforce", SALESFORCE)] {
        let lines: Vec<Value> = table.split_inclusive('\n').map(|line| json!(line)).collect();
        let printed = Program::Requests.run("table", &team, &[tool, SOON], &lines).await;
        let results = printed[0]["results"].as_array().unwrap();
        let found: Vec<_> = results.iter().map(|result| result["result"]["id"].clone()).collect();
        assert!(found.iter().all(|id| !id.is_null()), "{tool}: {}", printed[0]);
        people.push(found);
    }
    assert_eq!(people[0].len(), 5);
    assert!(people.iter().all(|found| *found == people[0]), "the same people: {people:?}");
    assert_eq!(gateway.vendor.leads_received().len(), 5, "asked for once");
    gateway.finish().await;
}
