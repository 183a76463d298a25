use std::fmt::Write;

use qrcodegen::{QrCode as Code, QrCodeEcc};
use tenantry_kernel::{Error, Result, Secret};

/// A QR code as a drawing: dark squares of a grid, for an SVG's path. It holds what was encoded.
#[derive(Clone, PartialEq, Eq)]
pub struct QrCode {
    /// How many squares it is wide and high, with a margin of four on each side (ISO/IEC 18004).
    pub size: i32,
    /// The `d` of a path.
    pub path: Secret,
}

impl std::fmt::Debug for QrCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("QrCode").field("size", &self.size).finish_non_exhaustive()
    }
}

const MARGIN: i32 = 4;

impl QrCode {
    /// # Errors
    /// `Internal` for more text than a QR code holds.
    pub(super) fn of(text: &Secret) -> Result<Self> {
        let code = Code::encode_text(text.expose(), QrCodeEcc::Medium)
            .map_err(|e| Error::internal(e.to_string()))?;
        let mut path = String::new();
        for y in 0..code.size() {
            for x in (0..code.size()).filter(|x| code.get_module(*x, y)) {
                // Writing to a string does not fail.
                let _ = write!(path, "M{} {}h1v1h-1z", x + MARGIN, y + MARGIN);
            }
        }
        Ok(Self { size: code.size() + 2 * MARGIN, path: Secret::new(path) })
    }
}
