//! Maps the headings of CRM exports to the fields of a lead.

use std::collections::BTreeMap;

use unicode_normalization::UnicodeNormalization;

use crate::domain::lead::{Field, Fields};

/// The meaning of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Says {
    Email,
    LinkedinUrl,
    CompanyDomain,
    CompanyName,
    Name,
    FirstName,
    LastName,
    Title,
}

use Says::{CompanyDomain, CompanyName, Email, FirstName, LastName, LinkedinUrl, Name, Title};

/// The known headings, folded. Of several columns with the same meaning, the first in this order that
/// is not blank is used.
#[rustfmt::skip]
const KNOWN: &[(Says, &[&str])] = &[
    (Email, &[
        "email", "emailaddress", "mail", "workemail", "businessemail", "corporateemail", "companyemail",
        "professionalemail", "primaryemail", "primaryemailaddress", "contactemail", "personemail",
        "leademail", "prospectemail", "email1", "emailaddress1", "email1value", "emailadresse",
        "correo", "correoelectronico", "courriel", "adresseemail", "adressemail", "enderecodeemail",
        "indirizzoemail", "emailadres", "epost", "secondaryemail", "email2", "personalemail",
    ]),
    (LinkedinUrl, &[
        "linkedinurl", "linkedin", "linkedinprofile", "linkedinprofileurl", "linkedinlink",
        "linkedinprofilelink", "linkedinpublicurl", "personlinkedin", "personlinkedinurl",
        "personlinkedinprofileurl", "contactlinkedinurl", "contactlinkedinprofileurl",
        "linkedincontactprofileurl", "leadlinkedinurl", "prospectlinkedinurl", "linkedinpersonurl",
        "hslinkedinurl", "linkedinc", "linkedinurlc", "publicprofileurl", "profileurl",
        "defaultprofileurl", "url",
    ]),
    (CompanyDomain, &[
        "companydomain", "companydomainname", "domain", "domainname", "websitedomain", "accountdomain",
        "companywebsitedomain", "organizationdomain", "primarydomain", "companywebsite",
        "companywebsiteurl", "accountwebsite", "organizationwebsite", "website", "websiteurl",
        "companyurl", "webpage", "homepage", "webseite", "internetseite", "siteweb", "siteinternet",
        "sitioweb", "paginaweb", "sitoweb",
    ]),
    (CompanyName, &[
        "companyname", "company", "accountname", "account", "companyaccount", "associatedcompany",
        "primarycompany", "currentcompany", "currentcompanyname", "employer", "organization",
        "organisation", "organizationname", "organisationname", "organization1name", "unternehmen",
        "firma", "firmenname", "unternehmensname", "entreprise", "societe", "nomdelentreprise",
        "nomdelasociete", "empresa", "nombredelaempresa", "nomedaempresa", "azienda", "nomeazienda",
        "bedrijf", "bedrijfsnaam", "foretag", "virksomhed", "companynameforemails",
    ]),
    (Name, &[
        "name", "fullname", "contactname", "personname", "leadname", "prospectname", "displayname",
        "vollstandigername", "nomcomplet", "nombrecompleto", "nomecompleto", "nomeecognome",
        "volledigenaam",
    ]),
    (FirstName, &[
        "firstname", "givenname", "forename", "first", "contactfirstname", "vorname", "prenom",
        "nombre", "nome", "primeironome", "voornaam", "fornamn", "fornavn", "etunimi",
    ]),
    (LastName, &[
        "lastname", "surname", "familyname", "last", "contactlastname", "nachname", "familienname",
        "nom", "nomdefamille", "apellido", "apellidos", "cognome", "sobrenome", "apelido", "achternaam",
        "efternamn", "efternavn", "sukunimi",
    ]),
    (Title, &[
        "title", "jobtitle", "position", "currentposition", "currenttitle", "currentjobtitle",
        "contacttitle", "positiontitle", "jobrole", "role", "berufsbezeichnung", "funktion", "stelle",
        "poste", "fonction", "intituledeposte", "puesto", "cargo", "ruolo", "qualifica", "functie",
        "functietitel",
    ]),
];

/// An ambiguous heading. It is a LinkedIn profile if its values are.
const AMBIGUOUS: &str = "url";
const PROFILE: &str = "linkedin.com/";

/// The columns of an export that are used.
pub(super) struct Columns {
    taken: BTreeMap<Says, Vec<usize>>,
}

impl Columns {
    /// Finds the known headings. `sample` returns a value of a column, which decides an ambiguous
    /// heading.
    pub(super) fn of<'s>(headings: &[String], sample: impl Fn(usize) -> Option<&'s str>) -> Self {
        let folded: Vec<_> = headings.iter().map(|heading| fold(heading)).collect();
        let is_taken = |column: usize| {
            folded[column] != AMBIGUOUS
                || sample(column).is_some_and(|value| value.contains(PROFILE))
        };
        let places = |names: &[&str]| {
            let mut places = Vec::new();
            for name in names {
                let columns = folded.iter().enumerate().filter(|(_, heading)| heading == name);
                places.extend(columns.map(|(column, _)| column).filter(|column| is_taken(*column)));
            }
            places
        };
        let taken = KNOWN.iter().map(|(says, names)| (*says, places(names)));
        Self { taken: taken.filter(|(_, places)| !places.is_empty()).collect() }
    }

    /// The number of used columns.
    pub(super) fn count(&self) -> usize {
        self.taken.values().map(Vec::len).sum()
    }

    /// Each field of a lead with its columns.
    pub(super) fn taken(&self) -> impl Iterator<Item = (Field, Vec<usize>)> {
        Field::ALL.into_iter().filter_map(|field| {
            let columns: Vec<_> =
                sources(field).iter().flat_map(|says| self.of_kind(*says)).collect();
            (!columns.is_empty()).then_some((field, columns))
        })
    }

    /// Reads a row.
    pub(super) fn read(&self, row: &[String]) -> Fields {
        let mut fields = Fields::default();
        for field in Field::ALL {
            fields[field] = self.value(field, row);
        }
        fields
    }

    fn value(&self, field: Field, row: &[String]) -> Option<String> {
        let first = |says: Says| {
            let values = self.of_kind(says).filter_map(|column| row.get(column));
            values.map(|value| value.trim()).find(|value| !value.is_empty())
        };
        match field {
            Field::Email => first(Email).map(str::to_owned),
            Field::LinkedinUrl => first(LinkedinUrl).map(str::to_owned),
            Field::CompanyDomain => first(CompanyDomain).map(str::to_owned),
            Field::CompanyName => first(CompanyName).map(str::to_owned),
            Field::Title => first(Title).map(str::to_owned),
            Field::Name => {
                let parts: Vec<_> = [FirstName, LastName].into_iter().filter_map(first).collect();
                first(Name).map(str::to_owned).or((!parts.is_empty()).then(|| parts.join(" ")))
            }
        }
    }

    fn of_kind(&self, says: Says) -> impl Iterator<Item = usize> {
        self.taken.get(&says).into_iter().flatten().copied()
    }
}

fn sources(field: Field) -> &'static [Says] {
    match field {
        Field::Email => &[Email],
        Field::LinkedinUrl => &[LinkedinUrl],
        Field::CompanyDomain => &[CompanyDomain],
        Field::CompanyName => &[CompanyName],
        Field::Name => &[Name, FirstName, LastName],
        Field::Title => &[Title],
    }
}

/// A heading in lower case, with letters and digits only and without accents.
fn fold(heading: &str) -> String {
    let letters = heading.nfkd().filter(|c| c.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headings(line: &str) -> Vec<String> {
        line.split(',').map(str::to_owned).collect()
    }

    /// Which headings are taken for which field.
    fn taken(line: &str) -> Vec<(Field, Vec<String>)> {
        let headings = headings(line);
        let columns = Columns::of(&headings, |_| None);
        let named = |places: Vec<usize>| places.iter().map(|at| headings[*at].clone()).collect();
        columns.taken().map(|(field, places)| (field, named(places))).collect()
    }

    #[test]
    fn the_headings_of_real_exports_are_known_and_a_companys_profile_is_no_persons() {
        let named = |field, names: &[&str]| (field, names.iter().map(|&n| n.to_owned()).collect());
        assert_eq!(
            taken("Record ID,First Name,Last Name,Email,Phone Number,Associated Company,Job Title"),
            [
                named(Field::Email, &["Email"]),
                named(Field::CompanyName, &["Associated Company"]),
                named(Field::Name, &["First Name", "Last Name"]),
                named(Field::Title, &["Job Title"]),
            ]
        );
        assert_eq!(
            taken(
                "Person Linkedin Url,Company Linkedin Url,Website,Company Domain,Email Status,E-mail"
            ),
            [
                named(Field::Email, &["E-mail"]),
                named(Field::LinkedinUrl, &["Person Linkedin Url"]),
                named(Field::CompanyDomain, &["Company Domain", "Website"]),
            ]
        );
        assert_eq!(
            taken("Prénom,NOM,Société,Adresse e-mail"),
            [
                named(Field::Email, &["Adresse e-mail"]),
                named(Field::CompanyName, &["Société"]),
                named(Field::Name, &["Prénom", "NOM"]),
            ]
        );
        assert_eq!(taken("Phone,Owner,Created"), []);
    }

    #[test]
    fn a_blank_value_is_looked_for_in_the_next_column_that_says_the_same() {
        let headings = headings("Personal Email,firstname,Work Email,Last Name,Website");
        let columns = Columns::of(&headings, |_| None);
        let read = |row: [&str; 5]| columns.read(&row.map(str::to_owned));
        let both = read(["ada@home.example", " Ada ", "ada@x.io", "", ""]);
        assert_eq!(both[Field::Email].as_deref(), Some("ada@x.io"));
        assert_eq!(both[Field::Name].as_deref(), Some("Ada"));
        assert_eq!(both[Field::CompanyDomain], None);
        let one = read(["ada@home.example", "Ada", " ", "Lovelace", "https://x.io"]);
        assert_eq!(one[Field::Email].as_deref(), Some("ada@home.example"));
        assert_eq!(one[Field::Name].as_deref(), Some("Ada Lovelace"));
        assert_eq!(one[Field::CompanyDomain].as_deref(), Some("https://x.io"));
    }

    #[test]
    fn a_url_is_a_profile_where_it_leads_to_one() {
        let headings = headings("First Name,URL");
        let profile = Columns::of(&headings, |_| Some("https://www.linkedin.com/in/ada"));
        assert_eq!(profile.count(), 2);
        let page = Columns::of(&headings, |_| Some("https://x.io"));
        assert_eq!(page.count(), 1);
    }

    #[test]
    fn no_heading_is_known_twice() {
        let mut names: Vec<_> = KNOWN.iter().flat_map(|(_, names)| *names).collect();
        assert!(names.iter().all(|name| fold(name) == **name), "each is folded");
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
