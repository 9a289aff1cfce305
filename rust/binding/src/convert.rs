//! Numbers, names and errors, from one language to the other.

use pyo3::{Borrowed, exceptions::PyValueError, prelude::*};
use seawall_core::{ConfigError, Jitter};

/// The core says what is wrong with a number; Python calls that a `ValueError`.
pub(crate) fn checked<T>(result: Result<T, ConfigError>) -> PyResult<T> {
    result.map_err(|error| PyValueError::new_err(error.to_string()))
}

/// How a delay is spread: by a name, or by a share from 0 to 1.
#[derive(Clone, Copy)]
pub(crate) struct Spread(pub(crate) Jitter);

impl FromPyObject<'_, '_> for Spread {
    type Error = PyErr;

    fn extract(jitter: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        let Ok(name) = jitter.extract::<&str>() else {
            return checked(Jitter::spread(jitter.extract()?)).map(Self);
        };
        match name {
            "none" => Ok(Self(Jitter::None)),
            "full" => Ok(Self(Jitter::Full)),
            "equal" => Ok(Self(Jitter::Equal)),
            "decorrelated" => Ok(Self(Jitter::Decorrelated)),
            _ => Err(PyValueError::new_err(format!(
                "there is no jitter {name:?}; use \"none\", \"full\", \"equal\", \
                 \"decorrelated\", or a share from 0 to 1"
            ))),
        }
    }
}
