//! Hosts that cannot be run here: their files have the right grammar.
