//! Values that do not name one person, as files of leads hold them.

/// In place of a LinkedIn address.
pub(super) const PROFILES: &[&str] = &[
    "https://www.linkedin.com/in/unknown",
    "https://www.linkedin.com/in/authwall",
    "https://www.linkedin.com/in/-",
    "https://www.linkedin.com/in/n-a",
    "https://www.linkedin.com/in/ACoAA",
    "https://www.linkedin.com/in/https://",
    "https://www.linkedin.com/in/in/",
    "https://www.linkedin.com/in/404",
    "https://www.linkedin.com/in/your-profile",
    "https://www.linkedin.com/in/undefined-undefined",
    "https://www.linkedin.com/company/acme",
    "https://www.linkedin.com:443/in/ada-lovelace",
    "https://ada@linkedin.com/in/ada-lovelace",
    "https://www.linkedin.com/in/x",
    "http://www.linkedin.com/feed/",
    "https://www.linkedin.com/search/results/people/?keywords=ada",
    "https://linkedin.com.evil.io/in/ada-lovelace",
    "N/A",
    "linkedin",
];

/// In place of an email address: roles' and placeholders.
pub(super) const EMAILS: &[&str] = &[
    "info@acme.example",
    "sales@acme.example",
    "kontakt@acme.example",
    "contacto@acme.example",
    "accueil@acme.example",
    "biuro@acme.example",
    "no-reply@acme.example",
    "hr.berlin@acme.example",
    "test@test.com",
    "noemail@noemail.com",
    "none@none.com",
    "n/a@acme.example",
    "first.last@acme.example",
    "a@acme.example; b@acme.example",
    "ada@acme",
];

/// In place of a company.
pub(super) const COMPANIES: &[&str] = &[
    "Self-employed",
    "Self Employed - Consultant",
    "Freelance",
    "Freelance Designer",
    "Unknown",
    "N/A",
    "[not provided]",
    "Stealth Startup",
    "Retired",
    "Confidential",
    "Student",
    "Selbstständig",
    "Indépendant",
    "Autónomo",
    "Looking for new opportunities",
    "---",
];

/// In place of a company's domain.
pub(super) const DOMAINS: &[&str] = &[
    "lnkd.in",
    "https://lnkd.in/abc",
    "fb.com",
    "https://www.facebook.com/acme",
    "bit.ly/3abc",
    "linktr.ee/acme",
    "sites.google.com/view/acme",
    "acme.wixsite.com/home",
    "etsy.com/shop/acme",
    "https://maps.google.com/?cid=1",
    "https://www.yelp.com/biz/acme",
    "gmail.com",
    "none",
];

/// In place of a person's name.
pub(super) const NAMES: &[&str] =
    &["Unknown", "LinkedIn Member", "Test", "undefined undefined", "John Doe", "N/A", "Sales Team"];

/// Names that many people have.
pub(super) const COMMON: &[&str] =
    &["Anna Schmidt", "John Smith", "Maria Garcia", "Wei Wang", "Jan Novak", "Ali Khan"];

/// Titles.
pub(super) const TITLES: &[&str] = &["CTO", "Sales Manager", "Owner", "Engineer", "Consultant"];
