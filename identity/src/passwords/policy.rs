use tenantry_kernel::{Error, Result, Secret};
use zxcvbn::Score;

const SHORTEST: usize = 12;
const LONGEST: usize = 128;
/// "Safely unguessable": more than 10⁸ guesses, which our throttle makes into centuries.
const ENOUGH: Score = Score::Three;

/// A password somebody wants, with what a guesser would know about that person.
pub(crate) struct Candidate<'a> {
    pub(crate) password: &'a Secret,
    pub(crate) email: &'a str,
    pub(crate) name: &'a str,
}

impl Candidate<'_> {
    /// Checks length (in characters), that it does not hold the address, and how many guesses it takes
    /// (NIST SP 800-63B: length and a guess-ability check, no composition rules). Takes milliseconds of CPU.
    ///
    /// # Errors
    /// `Invalid` on the field `password`, with what to change.
    pub(crate) fn check(&self) -> Result<()> {
        let password = self.password.expose();
        let length = password.chars().count();
        if length < SHORTEST {
            return Err(weak(format!("The password is too short: it needs at least {SHORTEST} characters."))
                .with_remedy("A few random words are easy to remember and hard to guess."));
        }
        if length > LONGEST {
            return Err(weak(format!("The password is too long: it may have at most {LONGEST} characters.")));
        }
        let local = self.email.split('@').next().unwrap_or_default();
        // A local part of one or two letters is in too many good passwords by chance.
        if local.chars().count() >= 3 && password.to_lowercase().contains(local) {
            return Err(weak("The password contains your e-mail address.".to_owned())
                .with_remedy("Choose one that has nothing to do with your address."));
        }
        let mut known: Vec<&str> = vec![self.email, local, "tenantry", "n8n"];
        known.extend(self.name.split_whitespace());
        let judged = zxcvbn::zxcvbn(password, &known);
        if judged.score() >= ENOUGH {
            return Ok(());
        }
        let feedback = judged.feedback();
        let why = feedback
            .and_then(|f| f.warning())
            .map_or_else(|| "It follows a common pattern.".to_owned(), |w| w.to_string());
        let how = feedback.map(|f| f.suggestions().iter().map(ToString::to_string).collect::<Vec<_>>());
        let how = how.filter(|h| !h.is_empty()).map_or_else(
            || "A few random words are easy to remember and hard to guess.".to_owned(),
            |h| h.join(" "),
        );
        Err(weak(format!("The password is too easy to guess. {why}")).with_remedy(how))
    }
}

fn weak(message: String) -> Error {
    Error::invalid("password", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(password: &str) -> Result<()> {
        let password = Secret::new(password);
        Candidate { password: &password, email: "lovelace@example.com", name: "Ada Lovelace" }.check()
    }

    #[test]
    fn good_passwords_pass_whatever_characters_they_are_of() {
        for good in [
            "correct horse battery staple",
            "glacier-Umbrella-94-tin",
            "ключ печать ветер мост",
            "x7#Kq9!mZ2$w",
        ] {
            check(good).unwrap_or_else(|e| panic!("{good}: {e:?}"));
        }
    }

    #[test]
    fn length_is_counted_in_characters() {
        assert!(check("äöüäöüäöüäö").unwrap_err().message().contains("at least 12"));
        assert!(check(&"glacier umbrella ".repeat(8)).unwrap_err().message().contains("at most 128"));
    }

    #[test]
    fn guessable_passwords_are_refused_with_a_reason() {
        for bad in [
            "password1234",
            "qwertyuiop123",
            "aaaaaaaaaaaa",
            "123456789012",
            "ada lovelace",
            "tenantrytenantry",
            "MyLovelace!!7",
        ] {
            let error = check(bad).expect_err(bad);
            assert_eq!(error.field(), Some("password"), "{bad}");
            assert!(!error.remedy().is_empty(), "{bad}");
            assert!(!error.message().contains(bad), "the password stays out of the message");
        }
    }
}
