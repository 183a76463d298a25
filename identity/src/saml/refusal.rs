//! Why a response was refused.

use std::fmt;

macro_rules! refusals {
    ($($name:ident $code:literal $hint:literal,)*) => {
        /// Why a response was refused: each reason is its own, with a code for logs that does not change.
        ///
        /// Neither code nor hint is for the public page, which answers every refusal alike. The hint is for whoever
        /// sets up the connection.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Refusal {
            $(#[doc = $hint] $name,)*
        }

        impl Refusal {
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The stable name, for logs and metrics.
            pub fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// What is wrong, and what to change, for the people who set up the connection.
            pub fn hint(self) -> &'static str {
                match self { $(Self::$name => $hint,)* }
            }
        }
    };
}

refusals! {
    TooLarge "too_large" "The response is larger than 256 KiB. Send fewer groups.",
    NotBase64 "not_base64" "The form field is not base64.",
    NotUtf8 "not_utf8" "The response is not UTF-8, or declares another encoding.",
    Malformed "malformed" "The response is not well-formed, or an element that may come once comes more often.",
    TooDeep "too_deep" "Elements are nested more than 32 deep.",
    Doctype "doctype" "The response has a document type or an entity declaration.",
    Comment "comment" "The response has a comment.",
    Cdata "cdata" "The response has a CDATA section.",
    ProcessingInstruction "processing_instruction" "The response has a processing instruction.",
    NotAResponse "not_a_response" "This is no SAML 2.0 Response.",
    DuplicateId "duplicate_id" "Two elements have the same ID.",
    Version "version" "The message is not of version 2.0.",
    Id "id" "A message or assertion has no usable ID.",
    Time "time" "A time is missing or not in UTC as xs:dateTime writes it.",
    MoreThanOneAssertion "more_than_one_assertion" "The response has more than one assertion.",
    NoAssertion "no_assertion" "The response has no assertion as its direct child.",
    Unsigned "unsigned" "Neither the response nor the assertion is signed. Switch signing on at the provider.",
    MisplacedSignature "misplaced_signature" "A signature is neither the response's child nor the assertion's.",
    MoreThanOneSignature "more_than_one_signature" "An element has more than one signature.",
    SignatureForm "signature_form" "The signature has parts that SAML does not allow, or lacks some.",
    ForeignReference "foreign_reference" "The signature refers to another element than the one that it is in.",
    Canonicalization "canonicalization" "The signature is not canonicalized by exclusive canonicalization.",
    Transform "transform" "The signature has other transforms than enveloped-signature and exclusive canonicalization.",
    SignatureAlgorithm "signature_algorithm" "Sign with RSA or ECDSA and SHA-256 or stronger; SHA-1 is not taken.",
    DigestAlgorithm "digest_algorithm" "Digest with SHA-256 or stronger; SHA-1 is not taken.",
    SignatureInvalid "signature_invalid" "No certificate of the metadata has made this signature. Load the provider's metadata again.",
    EncryptionAlgorithm "encryption_algorithm" "Encrypt with AES-GCM and RSA-OAEP.",
    UnauthenticatedEncryption "unauthenticated_encryption" "AES-CBC is taken in a signed response only. Use AES-GCM, or sign the response as well.",
    NotDecryptable "not_decryptable" "The assertion is not encrypted for a certificate of ours. Load our metadata again.",
    Status "status" "The provider says that the log-in has failed.",
    Destination "destination" "The response is meant for another address.",
    Issuer "issuer" "The response or assertion is from another provider.",
    Unsolicited "unsolicited" "The log-in was started at the provider, which this connection does not allow.",
    InResponseTo "in_response_to" "The response answers another request, or none.",
    NameId "name_id" "The subject has no NameID, an encrypted one, or one that is too long.",
    NoBearer "no_bearer" "The subject is not confirmed as a bearer with an end.",
    Recipient "recipient" "The assertion is meant for another address.",
    Audience "audience" "The assertion is meant for another service.",
    UnknownCondition "unknown_condition" "The assertion has a condition that is not understood.",
    NotYetValid "not_yet_valid" "The assertion holds later than now. Check the provider's clock.",
    Expired "expired" "The assertion does not hold any more. Check the provider's clock.",
    NoAuthnStatement "no_authn_statement" "The assertion does not say that somebody has logged in.",
    SessionEnded "session_ended" "The provider's session has ended.",
    Replayed "replayed" "The assertion was used before.",
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl std::error::Error for Refusal {}
