// NDJSON and JSON: no crash, and small batches bring the rows that large ones bring.
#include "decode_twice.hpp"

#include "support/decode/json.hpp"

#include <string>

using namespace jackfield;
using namespace jackfield::files;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size < 2)
        return 0;
    JsonOptions options;
    options.lines = data[0] & 1;
    if (data[0] & 2)
        options.columns = {{"a", Type::int32}, {"b", Type::utf8}, {"c", DataType::list(Type::float64)}, {"d", DataType::structure({{"x", DataType::decimal(9, 2)}})},
            {"e", Type::boolean}, {"f", DataType(Type::timestamp, Unit::micro)}};
    decode_twice<JsonDecoder>({reinterpret_cast<const char*>(data) + 1, size - 1}, options);
    return 0;
}
