//! The Python module `seawall._native`.
