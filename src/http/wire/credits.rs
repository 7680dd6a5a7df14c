//! Credits as JSON numbers, exact: written as decimals, without a float in between.

use serde::{Serialize, Serializer, ser::Error};
use serde_json::value::RawValue;

use crate::domain::credits::Credits;

/// A sum of credits as a number.
#[derive(Clone, Copy)]
pub(in crate::http) struct Number(pub(in crate::http) Credits);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.0.to_string()).map_err(S::Error::custom)?.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credits_are_numbers_to_the_thousandth() {
        for (thousandths, number) in
            [(0, "0"), (7_500, "7.5"), (-250, "-0.25"), ((1 << 53) - 1, "9007199254740.991")]
        {
            let number_of = Number(Credits::from_thousandths(thousandths));
            assert_eq!(serde_json::to_string(&number_of).unwrap(), number);
        }
    }
}
