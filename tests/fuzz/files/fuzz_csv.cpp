// CSV with any dialect and types: no crash, and small batches bring the rows that large ones bring.
#include "decode_twice.hpp"

#include "support/decode/csv.hpp"

#include <string>

using namespace jackfield;
using namespace jackfield::files;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size < 3)
        return 0;
    CsvOptions options;
    const unsigned choice = data[0], types = data[1];
    options.header = choice & 1;
    options.dialect.trim = choice & 2;
    options.dialect.escape = choice & 4 ? '\\' : '\0';
    options.dialect.comment = choice & 8 ? '#' : '\0';
    options.dialect.quote = choice & 16 ? '\0' : '"';
    options.dialect.delimiter = choice & 32 ? ';' : ',';
    if (types) {
        options.header = false;
        const DataType all[] = {Type::int8, Type::uint64, DataType::decimal(9, 3), DataType(Type::timestamp, Unit::milli, "UTC"), Type::boolean, Type::float32,
            DataType(Type::time64, Unit::micro), Type::utf8};
        for (unsigned i = 0; i < 8; ++i)
            if (types >> i & 1)
                options.columns.push_back({"c" + std::to_string(i), all[i]});
        for (const DeclaredColumn& column : options.columns)
            options.names.push_back(column.name);
    }
    decode_twice<CsvDecoder>({reinterpret_cast<const char*>(data) + 2, size - 2}, options);
    return 0;
}
