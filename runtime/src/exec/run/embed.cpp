// The shared library for embedders has no code of its own: it is the runtime and the flow reader, whole.
