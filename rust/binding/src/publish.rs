//! What a generated wrapper may know without a call.
//!
//! Every attached function has two names in its globals. `tok` is the stamp of
//! whoever is admitted now, `None` if somebody has to be asked. `note` is
//! `None` while a success has nothing to do, `True` otherwise. They are written
//! when they change, so that the undisturbed call only reads them. A breaker
//! and a budget speak the same two words.
//!
//! Rule 1: the word is read and the names are written under one lock, which
//! only writers take. Whoever wrote the word publishes before it returns, so
//! the last to hold the lock saw the last word. To look at the word again after
//! writing is not enough: another thread's failure may fall between the look
//! and the write, and its next success would find a stale `note` and be lost.
//!
//! Rule 2: `note` is written before `tok`. Whoever is admitted with a new stamp
//! finds what belongs to it.
//!
//! Rule 3: no Python code runs under the lock. Names are exact strings, values
//! are `None`, `True` or a number, nothing that the collector tracks is made;
//! the functions are let go after the lock, for the last reference may be ours.

use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::{
    exceptions::PyTypeError,
    intern,
    prelude::*,
    sync::{MutexExt, PyOnceLock},
    types::{PyDict, PyString, PyType, PyWeakrefMethods, PyWeakrefReference},
};
use seawall_core::{Breaker, Published, Stamp};

/// Whoever has something to tell.
pub(crate) trait Source {
    fn published(&self) -> Published;
}

impl Source for Breaker {
    fn published(&self) -> Published {
        Self::published(self)
    }
}

/// The wrappers of one source, and what they were told.
#[derive(Default)]
pub(crate) struct Publisher {
    told: Mutex<Told>,
}

#[derive(Default)]
struct Told {
    last: Option<Published>,
    stamp: Option<Py<PyAny>>, // of `last`: one object for all wrappers
    wrappers: Vec<Wrapper>,
}

struct Wrapper {
    function: Py<PyWeakrefReference>,
    tok: Py<PyString>,
    note: Option<Py<PyString>>, // none where a success never has anything to do
}

type Functions<'py> = Vec<Bound<'py, PyAny>>;

impl Publisher {
    /// Tells every wrapper what `source` says, if it is news.
    pub(crate) fn publish(&self, py: Python<'_>, source: &impl Source) {
        let mut held = Vec::new();
        let result = self.lock(py).update(py, source, &mut held);
        if let Err(error) = result {
            error.write_unraisable(py, None);
        }
    }

    /// Tells one more wrapper, now and from now on, for as long as it lives.
    pub(crate) fn attach(
        &self,
        source: &impl Source,
        function: &Bound<'_, PyAny>,
        tok: &str,
        note: Option<&str>,
    ) -> PyResult<()> {
        let py = function.py();
        check_function(function)?;
        let wrapper = Wrapper {
            function: PyWeakrefReference::new(function)?.unbind(),
            tok: PyString::intern(py, tok).unbind(),
            note: note.map(|note| PyString::intern(py, note).unbind()),
        };
        let mut held = Vec::new();
        let mut told = self.lock(py);
        told.add(function, wrapper, source, &mut held)
    }

    /// Whoever panicked left nothing that the next writer would not write
    /// again, so a poisoned lock is as good as new.
    fn lock(&self, py: Python<'_>) -> MutexGuard<'_, Told> {
        self.told
            .lock_py_attached(py)
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Told {
    fn update<'py>(
        &mut self,
        py: Python<'py>,
        source: &impl Source,
        held: &mut Functions<'py>,
    ) -> PyResult<Published> {
        let news = source.published();
        if self.last == Some(news) {
            return Ok(news);
        }
        self.last = None; // until everybody has been told
        self.stamp = news.admits.map(|stamp| number(py, stamp)).transpose()?;
        let (stamp, mut result) = (&self.stamp, Ok(news));
        retain_living(&mut self.wrappers, py, held, |wrapper, function| {
            if let Err(error) = wrapper.tell(function, news.quiet, stamp.as_ref()) {
                result = Err(error);
            }
        });
        self.last = result.as_ref().ok().copied();
        result
    }

    fn add<'py>(
        &mut self,
        function: &Bound<'py, PyAny>,
        wrapper: Wrapper,
        source: &impl Source,
        held: &mut Functions<'py>,
    ) -> PyResult<()> {
        let news = self.update(function.py(), source, held)?;
        wrapper.tell(function, news.quiet, self.stamp.as_ref())?;
        // Where functions are decorated and thrown away, and the circuit stays
        // closed, nobody else would clear the dead ones out.
        retain_living(&mut self.wrappers, function.py(), held, |_, _| ());
        self.wrappers.push(wrapper);
        Ok(())
    }
}

impl Wrapper {
    fn tell(
        &self,
        function: &Bound<'_, PyAny>,
        quiet: bool,
        stamp: Option<&Py<PyAny>>,
    ) -> PyResult<()> {
        let py = function.py();
        let globals = function
            .getattr(intern!(py, "__globals__"))?
            .cast_into::<PyDict>()?;
        if let Some(note) = &self.note {
            globals.set_item(note, (!quiet).then_some(true))?;
        }
        globals.set_item(&self.tok, stamp)
    }
}

fn retain_living<'py>(
    wrappers: &mut Vec<Wrapper>,
    py: Python<'py>,
    held: &mut Functions<'py>,
    mut visit: impl FnMut(&Wrapper, &Bound<'py, PyAny>),
) {
    wrappers.retain(|wrapper| {
        let Some(function) = wrapper.function.bind(py).upgrade() else {
            return false;
        };
        visit(wrapper, &function);
        held.push(function);
        true
    });
}

fn number(py: Python<'_>, stamp: Stamp) -> PyResult<Py<PyAny>> {
    Ok(stamp.generation().into_pyobject(py)?.into_any().unbind())
}

/// Anything else could run Python code when it is asked for its globals.
fn check_function(function: &Bound<'_, PyAny>) -> PyResult<()> {
    static FUNCTION: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    let kind = FUNCTION.import(function.py(), "types", "FunctionType")?;
    if function.is_exact_instance(kind) {
        return Ok(());
    }
    Err(PyTypeError::new_err(format!(
        "attach needs a function written in Python, not {}; generate a wrapper around it",
        function.repr()?
    )))
}
