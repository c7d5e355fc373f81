//! UpPromote shapes.
