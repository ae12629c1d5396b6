//! What an operator makes of the site: a colour, a logo, words, pages of their own.

use std::path::{Path, PathBuf};

use super::SiteError;
use super::assets::Asset;

/// An operator's own look and words; the default changes nothing.
#[derive(Debug, Clone, Default)]
pub struct Brand {
    /// One line below the name on the home page.
    pub tagline: Option<String>,
    /// An SVG or PNG file, shown beside the name.
    pub logo: Option<PathBuf>,
    /// Colour of links and marks.
    pub accent: Option<Accent>,
    /// Markdown above the links of the footer.
    pub footer: Option<String>,
    /// Directory of Markdown files, each of which becomes a page.
    pub pages_dir: Option<PathBuf>,
}

/// A colour, red, green and blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accent([u8; 3]);

/// The least contrast of text, WCAG 2.2 success criterion 1.4.3, with a little to spare for
/// the rounding of browsers.
const CONTRAST: f64 = 4.6;

/// Surfaces of the style sheet that carry links: paper, raised, and a row under the pointer.
const LIGHT: [Accent; 2] = [Accent([0xff, 0xff, 0xff]), Accent([0xf3, 0xf5, 0xf6])];
/// The same after dark.
const DARK: [Accent; 2] = [Accent([0x12, 0x17, 0x1b]), Accent([0x1c, 0x23, 0x28])];

impl Accent {
    /// Reads `#rrggbb`.
    pub fn parse(text: &str) -> Option<Accent> {
        let digits = text.strip_prefix('#')?;
        if digits.len() != 6 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        let [_, red, green, blue] = u32::from_str_radix(digits, 16).ok()?.to_be_bytes();
        Some(Accent([red, green, blue]))
    }

    fn hex(self) -> String {
        let Accent([red, green, blue]) = self;
        format!("#{red:02x}{green:02x}{blue:02x}")
    }

    /// Relative luminance, WCAG 2.2.
    fn luminance(self) -> f64 {
        let linear = |channel: u8| {
            let value = f64::from(channel) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        let Accent([red, green, blue]) = self;
        0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
    }

    /// Contrast ratio, 1 to 21.
    fn contrast(self, other: Accent) -> f64 {
        let (one, two) = (self.luminance(), other.luminance());
        (one.max(two) + 0.05) / (one.min(two) + 0.05)
    }

    /// The nearest mix with `end` that can be read on every surface.
    fn readable_on(self, surfaces: [Accent; 2], end: u8) -> Accent {
        const STEPS: u16 = 64;
        let mixed = |step: u16| {
            let mix = |channel: u8| {
                let sum = u16::from(channel) * (STEPS - step) + u16::from(end) * step;
                u8::try_from(sum / STEPS).unwrap_or(end)
            };
            Accent(self.0.map(mix))
        };
        let fits = |colour: &Accent| surfaces.iter().all(|s| colour.contrast(*s) >= CONTRAST);
        (0..STEPS).map(mixed).find(fits).unwrap_or(Accent([end; 3]))
    }

    /// Rules that set the colour, darkened or lightened where it could not be read otherwise:
    /// one for each colour scheme, none for print.
    pub(super) fn rules(self) -> String {
        format!(
            "@media screen{{:root{{--accent:{}}}}}\n\
             @media screen and (prefers-color-scheme:dark){{:root{{--accent:{}}}}}\n",
            self.readable_on(LIGHT, 0).hex(),
            self.readable_on(DARK, 255).hex()
        )
    }
}

/// Largest logo: it is part of the first view of every page.
const LARGEST_LOGO: usize = 64 * 1024;

/// The logo as a file named by its content.
pub(super) fn logo(path: &Path) -> Result<Asset, SiteError> {
    let bytes = std::fs::read(path).map_err(|source| SiteError::Brand {
        what: "logo",
        path: path.to_owned(),
        source,
    })?;
    let refused = |problem| SiteError::Logo { path: path.to_owned(), problem };
    if bytes.len() > LARGEST_LOGO {
        return Err(refused("is larger than 64 KiB, which every reader would have to load"));
    }
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    let name = match extension.to_ascii_lowercase().as_str() {
        "png" if bytes.starts_with(b"\x89PNG\r\n\x1a\n") => "assets/logo.png",
        "svg" if std::str::from_utf8(&bytes).is_ok_and(|text| text.contains("<svg")) => {
            "assets/logo.svg"
        }
        "png" | "svg" => return Err(refused("does not hold what its ending says")),
        _ => return Err(refused("must be an .svg or a .png file")),
    };
    Ok(Asset::new(name, bytes.into()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_six_hex_digits_are_a_colour() {
        assert_eq!(Accent::parse("#1F5673"), Some(Accent([0x1f, 0x56, 0x73])));
        for text in ["", "#", "1f5673", "#1f567", "#1f56733", "#1f567g", "#+f5673", "red", "#é123"]
        {
            assert_eq!(Accent::parse(text), None, "{text}");
        }
    }

    #[test]
    fn contrast_is_that_of_the_standard() {
        let [black, white] = [Accent([0; 3]), Accent([255; 3])];
        assert!((black.contrast(white) - 21.0).abs() < 1e-9);
        assert!((Accent([0x76; 3]).contrast(white) - 4.54).abs() < 0.01);
    }

    #[test]
    fn a_readable_colour_is_kept_and_an_unreadable_one_is_moved() {
        let rules = Accent([0x8b, 0x1a, 0x4f]).rules();
        assert!(rules.contains("{:root{--accent:#8b1a4f}}"), "{rules}");
        let yellow = Accent([0xff, 0xe0, 0x00]).rules();
        assert!(!yellow.lines().next().unwrap().contains("#ffe000"), "{yellow}");
        assert!(yellow.lines().nth(1).unwrap().contains("#ffe000"), "{yellow}");
    }

    #[test]
    fn the_surfaces_are_those_of_the_style_sheet() {
        let css = include_str!("../../../templates/assets/style.css");
        for (name, at) in [("--paper", 0), ("--raised", 1)] {
            let light = format!("{name}: {};", LIGHT[at].hex().replace("#ffffff", "#fff"));
            let dark = format!("{name}: {};", DARK[at].hex());
            assert!(css.contains(&light) && css.contains(&dark), "{name}: {light} {dark}");
        }
    }

    proptest! {
        #[test]
        fn any_colour_can_be_read_in_both_schemes(colour in any::<[u8; 3]>()) {
            for (surfaces, end) in [(LIGHT, 0), (DARK, 255)] {
                let readable = Accent(colour).readable_on(surfaces, end);
                for surface in surfaces {
                    prop_assert!(readable.contrast(surface) >= 4.5);
                }
            }
        }
    }
}
