// The plugin 'http': APIs as connection, source and sink.
#include "sink.hpp"
#include "source.hpp"

using namespace jackfield;

JACKFIELD_PLUGIN("http", "0.1.0", "Jackfield", "Apache-2.0",
    sdk::connection<http::HttpConnection>("http", "An HTTP server: address, credentials, certificates, pace"),
    sdk::source<http::HttpSource>("http", "Rows of an API: JSON, NDJSON or CSV, page by page"),
    sdk::sink<http::HttpSink>("http", "Rows to an API: a JSON array or NDJSON in each request"))
