//! Everything huge at once.
