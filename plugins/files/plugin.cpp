// The plugin "files".
#include "sink.hpp"
#include "source.hpp"

JACKFIELD_PLUGIN("files", "0.1.0", "Jackfield", "Apache-2.0",
    jackfield::sdk::source<jackfield::files::FileSource>("files", "Reads CSV, NDJSON, JSON and Parquet files",
        "One file, all files of a pattern (a partition each), or stdin; plain, gzip or zstd."),
    jackfield::sdk::sink<jackfield::files::FileSink>("files", "Writes CSV, NDJSON, JSON and Parquet files",
        "One file, or a directory that gets a file per epoch; plain, gzip or zstd. Rows and position are committed together."))
