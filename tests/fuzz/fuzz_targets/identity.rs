//! Any six texts as a lead: how it is read is certain, stays the same when what is sent is read again,
//! and does not depend on the spaces around it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tollgate::domain::identity::keys::Keyer;
use tollgate::domain::identity::{Identity, Reading};
use tollgate::domain::lead::{Field, Fields, Lead};
use url::Url;

const KEYER: Keyer = Keyer::new([7; 32]);

// One text a line, in the order of the fields; an empty line leaves its field out.
fuzz_target!(|text: &str| {
    let texts = Field::ALL.into_iter().zip(text.split('\n'));
    let present = texts.filter(|(_, text)| !text.is_empty());
    let fields: Fields = present.map(|(field, text)| (field, text.to_owned())).collect();
    let Ok(lead) = Lead::new(fields) else { return };
    let reading = Reading::of(&lead);
    assert_eq!(reading, Reading::of(&lead));
    reads_again_as_itself(&reading);
    parts_are_no_whole(&reading);
    is_the_same_with_spaces_around(&lead, &reading);
});

fn reads_again_as_itself(reading: &Reading) {
    // A text in its one form may be longer than a caller's may be.
    let Ok(sent) = Lead::new(reading.sent.clone()) else { return };
    assert_eq!(&Reading::of(&sent), reading);
    if let (Identity::Fields(_), Some(url)) = (&reading.whole, sent.field(Field::LinkedinUrl)) {
        let url = Url::parse(url).expect("what is sent is an address");
        assert_eq!(url.host_str(), Some("www.linkedin.com"));
        assert!(url.username().is_empty() && url.port().is_none() && url.query().is_none());
    }
}

fn parts_are_no_whole(reading: &Reading) {
    let whole = KEYER.lead_key(&reading.whole);
    for part in reading.parts.as_ref().each() {
        assert_ne!(KEYER.lead_key(part), whole);
    }
}

fn is_the_same_with_spaces_around(lead: &Lead, reading: &Reading) {
    let spaced = Field::ALL.into_iter().filter_map(|f| Some((f, format!(" {}\t", lead.field(f)?))));
    let Ok(spaced) = Lead::new(spaced.collect()) else { return };
    assert_eq!(Reading::of(&spaced).whole, reading.whole);
}
