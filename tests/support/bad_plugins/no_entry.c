/* A shared library that is no plugin. */
__attribute__((visibility("default"))) int jackfield_tests_something_else(void) { return 1; }
