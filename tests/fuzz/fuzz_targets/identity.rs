//! Any six texts as a lead: whom it names is certain, stays the same when read again, and does not
//! depend on how it is written.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tollgate::domain::identity::keys::Keyer;
use tollgate::domain::identity::{Identity, identities};
use tollgate::domain::lead::{Field, Fields, Lead};
use url::Url;

const KEYER: Keyer = Keyer::new([7; 32]);

// One text a line, in the order of the fields; an empty line leaves its field out.
fuzz_target!(|text: &str| {
    let texts = Field::ALL.into_iter().zip(text.split('\n'));
    let present = texts.filter(|(_, text)| !text.is_empty());
    let fields: Fields = present.map(|(field, text)| (field, text.to_owned())).collect();
    let Ok(lead) = Lead::new(fields) else { return };
    let named = identities(&lead);
    assert_eq!(named, identities(&lead));
    for identity in [Some(&named.strongest), named.other.as_ref()].into_iter().flatten() {
        reads_again_as_itself(identity, &lead);
    }
    if let Some(other) = &named.other {
        assert_ne!(KEYER.lead_key(&named.strongest), KEYER.lead_key(other));
        assert!(matches!(other, Identity::Email(_)));
    }
    is_the_same_with_spaces_around(&lead);
});

fn reads_again_as_itself(identity: &Identity, lead: &Lead) {
    match identity {
        Identity::Member(slug) | Identity::Profile(slug) => {
            let again = Identity::of_linkedin_url(&format!("linkedin.com/in/{}", slug.as_str()));
            assert_eq!(again.as_ref(), Some(identity));
            is_at_linkedin(lead.field(Field::LinkedinUrl).expect("a profile has an address"));
        }
        Identity::Email(address) => {
            assert_eq!(Identity::of_email(address.as_str()).as_ref(), Some(identity));
        }
        Identity::NameAtDomain { name, domain } => {
            if !domain.as_str().starts_with("www.") {
                let texts = [(Field::Name, name), (Field::CompanyDomain, domain)];
                let texts = texts.map(|(field, text)| (field, text.as_str().to_owned()));
                is_named_by(texts, identity);
            }
        }
        Identity::NameAtCompany { name, company } => {
            let texts = [(Field::Name, name), (Field::CompanyName, company)];
            is_named_by(texts.map(|(field, text)| (field, text.as_str().to_owned())), identity);
        }
        Identity::Verbatim(verbatim) => assert_eq!(&**verbatim, lead),
    }
}

/// The URL standard reads the same host.
fn is_at_linkedin(address: &str) {
    let address = address.trim().trim_start_matches("//");
    let url = Url::parse(address).or_else(|_| Url::parse(&format!("https://{address}")));
    let url = url.expect("what is read is an address");
    let host = url.host_str().expect("what is read has a host").trim_end_matches('.');
    assert!(host == "linkedin.com" || host.ends_with(".linkedin.com"), "{address:?}");
    assert!(url.username().is_empty() && url.password().is_none() && url.port().is_none());
}

fn is_named_by(texts: [(Field, String); 2], identity: &Identity) {
    // A text in its one form may be longer than a caller's may be.
    if let Ok(lead) = Lead::new(texts.into_iter().collect()) {
        assert_eq!(&identities(&lead).strongest, identity);
    }
}

fn is_the_same_with_spaces_around(lead: &Lead) {
    let spaced = Field::ALL.into_iter().filter_map(|f| Some((f, format!(" {}\t", lead.field(f)?))));
    let Ok(spaced) = Lead::new(spaced.collect()) else { return };
    let (one, other) = (identities(lead), identities(&spaced));
    if !matches!(one.strongest, Identity::Verbatim(_)) {
        assert_eq!(
            (KEYER.lead_key(&one.strongest), one),
            (KEYER.lead_key(&other.strongest), other)
        );
    }
}
