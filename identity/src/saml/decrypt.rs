//! Encrypted assertions (XML Encryption 1.1).
//!
//! AES-GCM proves that nobody has changed the text. AES-CBC does not: whoever may send us changed texts and sees how we
//! fail reads an assertion without a key (Jager and Somorovsky, *How to break XML encryption*, 2011). So it is taken only
//! where a signature over the encrypted text was checked before. RSA PKCS #1 v1.5 has the same weakness for keys and is
//! not taken at all. All failures of keys and texts are one refusal.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use openssl::encrypt::Decrypter;
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Padding;
use openssl::symm::{Cipher, Crypter, Mode, decrypt_aead};
use roxmltree::Node;

use super::names::{DSIG, SHA1, SHA256, SHA512, XMLENC, XMLENC11};
use super::{Refusal, tree};

/// One for each recipient; each costs private operations.
const MOST_KEYS: usize = 4;
const TAG: usize = 16;

/// Whether a signature that was checked covers the encrypted text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Cover {
    Signed,
    Open,
}

/// The text in an `EncryptedAssertion`, with the first of the keys that opens it.
pub(super) fn decrypt(
    encrypted: Node<'_, '_>,
    keys: &[&PKey<Private>],
    cover: Cover,
) -> Result<String, Refusal> {
    let data = tree::child(encrypted, XMLENC, "EncryptedData")?.ok_or(Refusal::Malformed)?;
    let cipher = cipher(data, cover)?;
    let sealed = cipher_value(data)?;
    let info = tree::child(data, DSIG, "KeyInfo")?;
    let inside = info.into_iter().flat_map(|info| tree::children(info, XMLENC, "EncryptedKey"));
    // SAML core, section 2.3.4: the key may also stand beside the data.
    let wrapped: Vec<_> = inside.chain(tree::children(encrypted, XMLENC, "EncryptedKey")).collect();
    if wrapped.is_empty() || wrapped.len() > MOST_KEYS {
        return Err(Refusal::NotDecryptable);
    }
    for wrapped in wrapped {
        let oaep = Oaep::of(wrapped)?;
        let value = cipher_value(wrapped)?;
        let opened = keys.iter().filter_map(|key| oaep.open(key, &value).ok());
        for key in opened.filter(|key| key.len() == cipher.key_len()) {
            if let Some(text) = open(cipher, cover, &key, &sealed) {
                return Ok(text);
            }
        }
    }
    Err(Refusal::NotDecryptable)
}

fn method<'a, 'i>(node: Node<'a, 'i>) -> Result<(Node<'a, 'i>, &'a str), Refusal> {
    let method = tree::child(node, XMLENC, "EncryptionMethod")?.ok_or(Refusal::EncryptionAlgorithm)?;
    Ok((method, method.attribute("Algorithm").unwrap_or_default()))
}

fn cipher(data: Node<'_, '_>, cover: Cover) -> Result<Cipher, Refusal> {
    let (_, name) = method(data)?;
    if let Some(gcm) = name.strip_prefix(XMLENC11) {
        return match gcm {
            "aes128-gcm" => Ok(Cipher::aes_128_gcm()),
            "aes192-gcm" => Ok(Cipher::aes_192_gcm()),
            "aes256-gcm" => Ok(Cipher::aes_256_gcm()),
            _ => Err(Refusal::EncryptionAlgorithm),
        };
    }
    let cbc = match name.strip_prefix(XMLENC) {
        Some("aes128-cbc") => Cipher::aes_128_cbc(),
        Some("aes192-cbc") => Cipher::aes_192_cbc(),
        Some("aes256-cbc") => Cipher::aes_256_cbc(),
        _ => return Err(Refusal::EncryptionAlgorithm),
    };
    if cover == Cover::Signed { Ok(cbc) } else { Err(Refusal::UnauthenticatedEncryption) }
}

fn cipher_value(node: Node<'_, '_>) -> Result<Vec<u8>, Refusal> {
    let data = tree::child(node, XMLENC, "CipherData")?.ok_or(Refusal::Malformed)?;
    let value = tree::child(data, XMLENC, "CipherValue")?.ok_or(Refusal::Malformed)?;
    let packed: String = tree::text(value)?.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    STANDARD.decode(packed).map_err(|_| Refusal::NotDecryptable)
}

/// How a key is wrapped: RSA-OAEP with these hashes and no label.
struct Oaep {
    digest: MessageDigest,
    mask: MessageDigest,
}

impl Oaep {
    fn of(wrapped: Node<'_, '_>) -> Result<Self, Refusal> {
        let (method, name) = method(wrapped)?;
        let digest = tree::child(method, DSIG, "DigestMethod")?.and_then(|node| node.attribute("Algorithm"));
        let mask = match (name.strip_prefix(XMLENC), name.strip_prefix(XMLENC11)) {
            (Some("rsa-oaep-mgf1p"), _) => None,
            (_, Some("rsa-oaep")) => {
                tree::child(method, XMLENC11, "MGF")?.and_then(|node| node.attribute("Algorithm"))
            }
            _ => return Err(Refusal::EncryptionAlgorithm),
        };
        if tree::child(method, XMLENC, "OAEPparams")?.is_some() {
            return Err(Refusal::EncryptionAlgorithm);
        }
        Ok(Self { digest: digest_of(digest.unwrap_or(SHA1))?, mask: mask_of(mask)? })
    }

    fn open(&self, key: &PKey<Private>, wrapped: &[u8]) -> Result<Vec<u8>, ErrorStack> {
        let mut decrypter = Decrypter::new(key)?;
        decrypter.set_rsa_padding(Padding::PKCS1_OAEP)?;
        decrypter.set_rsa_oaep_md(self.digest)?;
        decrypter.set_rsa_mgf1_md(self.mask)?;
        let mut opened = vec![0; decrypter.decrypt_len(wrapped)?];
        let length = decrypter.decrypt(wrapped, &mut opened)?;
        opened.truncate(length);
        Ok(opened)
    }
}

/// SHA-1 is sound here: OAEP does not rest on its resistance to collisions, and it is what most providers send.
fn digest_of(name: &str) -> Result<MessageDigest, Refusal> {
    match name {
        SHA1 => Ok(MessageDigest::sha1()),
        SHA256 => Ok(MessageDigest::sha256()),
        SHA512 => Ok(MessageDigest::sha512()),
        _ => Err(Refusal::EncryptionAlgorithm),
    }
}

fn mask_of(name: Option<&str>) -> Result<MessageDigest, Refusal> {
    match name.map(|name| name.strip_prefix(XMLENC11)) {
        None | Some(Some("mgf1sha1")) => Ok(MessageDigest::sha1()),
        Some(Some("mgf1sha256")) => Ok(MessageDigest::sha256()),
        Some(Some("mgf1sha512")) => Ok(MessageDigest::sha512()),
        _ => Err(Refusal::EncryptionAlgorithm),
    }
}

fn open(cipher: Cipher, cover: Cover, key: &[u8], sealed: &[u8]) -> Option<String> {
    let (iv, rest) = sealed.split_at_checked(cipher.iv_len()?)?;
    let plain = if cipher.block_size() == 1 {
        let (text, tag) = rest.split_at_checked(rest.len().checked_sub(TAG)?)?;
        decrypt_aead(cipher, key, Some(iv), &[], text, tag).ok()?
    } else if cover == Cover::Signed {
        unpad(cbc(cipher, key, iv, rest).ok()?)?
    } else {
        return None;
    };
    String::from_utf8(plain).ok()
}

fn cbc(cipher: Cipher, key: &[u8], iv: &[u8], text: &[u8]) -> Result<Vec<u8>, ErrorStack> {
    let mut crypter = Crypter::new(cipher, Mode::Decrypt, key, Some(iv))?;
    crypter.pad(false);
    let mut plain = vec![0; text.len() + cipher.block_size()];
    let mut length = crypter.update(text, &mut plain)?;
    length += crypter.finalize(plain.get_mut(length..).unwrap_or_default())?;
    plain.truncate(length);
    Ok(plain)
}

/// XML Encryption, section 5.2: the last byte says how many to take away; the others may be anything.
fn unpad(mut plain: Vec<u8>) -> Option<Vec<u8>> {
    let count = usize::from(*plain.last()?);
    if !(1..=16).contains(&count) {
        return None;
    }
    plain.truncate(plain.len().checked_sub(count)?);
    Some(plain)
}
