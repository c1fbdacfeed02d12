# The one place that looks for other people's libraries.
find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED CONFIG COMPONENTS json)
find_package(SQLite3 REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(ZLIB REQUIRED)
find_package(simdjson REQUIRED)
find_package(PostgreSQL REQUIRED) # libpq: the plugin postgres
find_package(date REQUIRED CONFIG)                       # time zones, until std::chrono of the compiler has them
find_package(PkgConfig REQUIRED)
pkg_check_modules(zstd REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(re2 REQUIRED IMPORTED_TARGET re2)       # checks: regular expressions in linear time
pkg_check_modules(xxhash REQUIRED IMPORTED_TARGET libxxhash) # checks: digests of keys
pkg_check_modules(curl REQUIRED IMPORTED_TARGET libcurl)     # http

# Header-only and not in a form that find_package knows: fetched by .ci/install.sh.
add_library(jackfield_valijson INTERFACE)
target_include_directories(jackfield_valijson SYSTEM INTERFACE "${JACKFIELD_THIRD_PARTY}/valijson/include")
target_link_libraries(jackfield_valijson INTERFACE Boost::json)

# duckdb.h; the library itself (70 MB) is opened at first use, never linked.
add_library(jackfield_duckdb_header INTERFACE)
target_include_directories(jackfield_duckdb_header SYSTEM INTERFACE "${JACKFIELD_THIRD_PARTY}/duckdb/include")

# Charts: JavaScript, SVG to PNG and font metrics, all of them in the helper program only.
pkg_check_modules(javascriptcore REQUIRED IMPORTED_TARGET javascriptcoregtk-4.1)
pkg_check_modules(rsvg REQUIRED IMPORTED_TARGET librsvg-2.0 cairo)
pkg_check_modules(text_metrics REQUIRED IMPORTED_TARGET freetype2 fontconfig)
