//! minisign keys and signatures, as <https://jedisct1.github.io/minisign/> describes them; the
//! stock program verifies what is signed here.

use std::io::Cursor;

use minisign::{KeyPair, PublicKeyBox, SecretKeyBox, SignatureBox};

/// Why a key or signature cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not a minisign key.
    #[error("not a minisign key: {0}")]
    Key(String),
    /// The key is encrypted and no password, or a wrong one, was given.
    #[error("the secret key cannot be opened: {0}")]
    Password(String),
    /// Not a minisign signature file.
    #[error("not a minisign signature: {0}")]
    Signature(String),
    /// A signature by another key, or of other bytes.
    #[error("{0}")]
    Wrong(String),
}

/// The key that signs.
pub struct SecretKey(minisign::SecretKey);

/// The key that signatures are checked with.
#[derive(Debug, Clone)]
pub struct PublicKey(minisign::PublicKey);

impl SecretKey {
    /// A new key pair as the texts of the two files that the stock program writes. Encrypted
    /// with `password` if there is one.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub fn generate(password: Option<String>) -> Result<(String, String), KeyError> {
        let fail = |error: minisign::PError| KeyError::Key(error.to_string());
        let pair = match password {
            None => KeyPair::generate_unencrypted_keypair(),
            some => KeyPair::generate_encrypted_keypair(some),
        };
        let pair = pair.map_err(fail)?;
        let secret = pair.sk.to_box(Some("offprint secret key")).map_err(fail)?;
        let public = pair.pk.to_box().map_err(fail)?;
        Ok((secret.into_string(), public.into_string()))
    }

    /// Reads the text of a secret key file; `password` is for encrypted ones.
    ///
    /// # Errors
    /// When it is none, or the password does not open it.
    pub fn parse(text: &str, password: Option<String>) -> Result<SecretKey, KeyError> {
        let boxed =
            || SecretKeyBox::from_string(text).map_err(|error| KeyError::Key(error.to_string()));
        let key = match boxed()?.into_unencrypted_secret_key() {
            Ok(key) => key,
            Err(error) => match password {
                None => return Err(KeyError::Password(error.to_string())),
                some => boxed()?
                    .into_secret_key(some)
                    .map_err(|error| KeyError::Password(error.to_string()))?,
            },
        };
        Ok(SecretKey(key))
    }

    /// Its public half.
    ///
    /// # Errors
    /// When the key was damaged.
    pub fn public(&self) -> Result<PublicKey, KeyError> {
        minisign::PublicKey::from_secret_key(&self.0)
            .map(PublicKey)
            .map_err(|error| KeyError::Key(error.to_string()))
    }

    /// The signature file of `bytes`. `comment` is signed as well: one line.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub fn sign(&self, bytes: &[u8], comment: &str) -> Result<String, KeyError> {
        let untrusted = Some("signature from offprint secret key");
        minisign::sign(None, &self.0, Cursor::new(bytes), Some(comment), untrusted)
            .map(SignatureBox::into_string)
            .map_err(|error| KeyError::Key(error.to_string()))
    }
}

impl PublicKey {
    /// Reads a public key: the text of its file, or the one line of base64 alone.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(text: &str) -> Result<PublicKey, KeyError> {
        let text = text.trim();
        let key = match text.lines().count() {
            1 => minisign::PublicKey::from_base64(text),
            _ => PublicKeyBox::from_string(text).and_then(PublicKeyBox::into_public_key),
        };
        key.map(PublicKey).map_err(|error| KeyError::Key(error.to_string()))
    }

    /// The line of base64.
    pub fn to_base64(&self) -> String {
        self.0.to_base64()
    }

    /// Whether `signature`, the text of a signature file, is this key's for `bytes`.
    ///
    /// # Errors
    /// When it is not, or is no signature.
    pub fn verify(&self, bytes: &[u8], signature: &str) -> Result<(), KeyError> {
        let signature = SignatureBox::from_string(signature)
            .map_err(|error| KeyError::Signature(error.to_string()))?;
        minisign::verify(&self.0, &signature, Cursor::new(bytes), true, false, false)
            .map_err(|error| KeyError::Wrong(error.to_string()))
    }
}

impl std::fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretKey")
    }
}
