//! What a generated wrapper may know without a call.
//!
//! Every attached function has two names in its globals. `tok` is the stamp of
//! whoever is admitted now, `None` if somebody has to be asked. `note` is
//! `None` while a success has nothing to do, `True` otherwise. They are written
//! when they change, so that the undisturbed call only reads them. A budget
//! speaks the first of the two words: where this says breaker, it may be one.
//!
//! Rule 1: the breaker is read and the names are written under one lock, which
//! only writers take. Whoever changed the breaker publishes before it returns.
//! To look at the breaker again after writing is not enough: another thread's
//! failure may fall between the look and the write, and its next success would
//! find a stale `note` and be lost.
//!
//! Rule 2: who finds that the wrappers know already what it would tell takes no
//! lock. `known` says what they know, and `UNKNOWN` from before the breaker is
//! read until the names are written. Both sides write, fence, read: who changed
//! the breaker reads `known`, who publishes wrote `UNKNOWN` there and reads the
//! breaker. Of two fences one is the first. If it is that of the change, the
//! publisher reads the change. If it is the publisher's, then who changed sees
//! `UNKNOWN`, or what this publisher or a later one has told.
//!
//! So nothing is lost: look at the last publisher and at those whose changes
//! were the last to each word of the breaker, and of all these at the one with
//! the last fence. It reads the breaker as it stays, for all the others wrote
//! before their fences. If it is the publisher, it tells just that. If it is
//! one of the others, it sees what the last publisher told, and took no lock
//! only because that is the same.
//!
//! Rule 3: `note` is written before `tok`. Whoever is admitted with a new stamp
//! finds what belongs to it.
//!
//! Rule 4: no Python code runs under the lock. Names are exact strings, values
//! are `None`, `True` or a number, nothing that the collector tracks is made;
//! the functions are let go after the lock, for the last reference may be ours.

use std::sync::{
    Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU32, Ordering, fence},
};

use pyo3::{
    exceptions::PyTypeError,
    intern,
    prelude::*,
    sync::{MutexExt, PyOnceLock},
    types::{PyDict, PyString, PyType, PyWeakrefMethods, PyWeakrefReference},
};
use seawall_core::Stamp;

/// What wrappers are told.
#[derive(Clone, Copy)]
pub(crate) struct News {
    /// The stamp of every call; `None` if each has to ask.
    pub(crate) admits: Option<Stamp>,
    /// Has a success something to do?
    pub(crate) note: bool,
}

impl News {
    fn code(self) -> u32 {
        let admits = self.admits.map_or(0, |stamp| (stamp.generation() << 1) | 1);
        (admits << 1) | u32::from(self.note)
    }
}

/// The code of no news: they have 22 bits.
const UNKNOWN: u32 = u32::MAX;

/// The wrappers of one breaker, and what they were told.
pub(crate) struct Publisher {
    known: AtomicU32, // written under the lock only
    told: Mutex<Told>,
}

#[derive(Default)]
struct Told {
    stamp: Option<Py<PyAny>>, // one object for all wrappers
    wrappers: Vec<Wrapper>,
}

struct Wrapper {
    function: Py<PyWeakrefReference>,
    tok: Py<PyString>,
    note: Option<Py<PyString>>, // none where a success never has anything to do
}

type Functions<'py> = Vec<Bound<'py, PyAny>>;

impl Default for Publisher {
    fn default() -> Self {
        Self {
            known: AtomicU32::new(UNKNOWN),
            told: Mutex::default(),
        }
    }
}

impl Publisher {
    /// Tells every wrapper what `read` says of the breaker, if it is news.
    pub(crate) fn publish(&self, py: Python<'_>, read: impl Fn() -> News) {
        fence(Ordering::SeqCst);
        if self.known.load(Ordering::Acquire) == read().code() {
            return;
        }
        let mut held = Vec::new();
        let result = self.lock(py).update(py, &self.known, read, &mut held);
        if let Err(error) = result {
            error.write_unraisable(py, None);
        }
    }

    /// Tells one more wrapper, now and from now on, for as long as it lives.
    pub(crate) fn attach(
        &self,
        read: impl Fn() -> News,
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
        let news = told.update(py, &self.known, read, &mut held)?;
        told.add(function, wrapper, news, &mut held)
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
        known: &AtomicU32,
        read: impl Fn() -> News,
        held: &mut Functions<'py>,
    ) -> PyResult<News> {
        let before = known.swap(UNKNOWN, Ordering::Relaxed);
        fence(Ordering::SeqCst);
        let news = read();
        if before != news.code() {
            self.tell(py, news, held)?; // else unknown until somebody succeeds
        }
        known.store(news.code(), Ordering::Release);
        Ok(news)
    }

    fn tell<'py>(
        &mut self,
        py: Python<'py>,
        news: News,
        held: &mut Functions<'py>,
    ) -> PyResult<()> {
        self.stamp = news.admits.map(|stamp| number(py, stamp)).transpose()?;
        let (stamp, mut result) = (&self.stamp, Ok(()));
        retain_living(&mut self.wrappers, py, held, |wrapper, function| {
            if let Err(error) = wrapper.tell(function, news.note, stamp.as_ref()) {
                result = Err(error);
            }
        });
        result
    }

    fn add<'py>(
        &mut self,
        function: &Bound<'py, PyAny>,
        wrapper: Wrapper,
        news: News,
        held: &mut Functions<'py>,
    ) -> PyResult<()> {
        wrapper.tell(function, news.note, self.stamp.as_ref())?;
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
        note: bool,
        stamp: Option<&Py<PyAny>>,
    ) -> PyResult<()> {
        let py = function.py();
        let globals = function
            .getattr(intern!(py, "__globals__"))?
            .cast_into::<PyDict>()?;
        if let Some(name) = &self.note {
            globals.set_item(name, note.then_some(true))?;
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
