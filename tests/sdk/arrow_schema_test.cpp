// Schemas: spelled, parsed, sent over the C structs and back, and taken from producers that lie.
#include <jackfield/sdk/arrow/array.hpp>
#include <jackfield/sdk/arrow/schema.hpp>

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace jackfield;

namespace {

Schema every_type()
{
    Schema schema;
    const char* const spellings[] = {"null", "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32",
        "float64", "decimal(12,2)", "decimal(38,-3)", "utf8", "large_utf8", "utf8_view", "binary", "large_binary", "binary_view",
        "fixed_binary(16)", "date", "date64", "time(s)", "time(ms)", "time(us)", "time(ns)", "timestamp(s)", "timestamp(ms)",
        "timestamp(us, UTC)", "timestamp(ns, Europe/Berlin)", "duration(s)", "duration(ms)", "duration(us)", "duration(ns)", "interval",
        "list<int64>", "large_list<utf8>", "fixed_list<float32, 3>", "struct<a: int64 not null, \"b \\\"c\": list<utf8>>", "struct<>",
        "map<utf8, map<int32, bool>>", "dictionary<int8, utf8>", "run_end<int32, utf8>"};
    for (const char* spelling : spellings) {
        auto type = parse_type(spelling);
        REQUIRE(type);
        CHECK(type->text() == spelling);
        schema.fields.push_back({"c" + std::to_string(schema.size()), *type, schema.size() % 2 == 0});
    }
    return schema;
}

/// A schema put together by hand, as a broken producer would.
struct Raw {
    ArrowSchema root{};
    std::vector<ArrowSchema> columns;
    std::vector<ArrowSchema*> pointers;

    explicit Raw(std::vector<const char*> formats)
    {
        const auto keep = [](ArrowSchema* schema) { schema->release = nullptr; };
        for (const char* format : formats) {
            columns.push_back({});
            columns.back().format = format;
            columns.back().release = keep;
        }
        for (ArrowSchema& column : columns)
            pointers.push_back(&column);
        root.format = "+s";
        root.n_children = static_cast<std::int64_t>(columns.size());
        root.children = pointers.data();
        root.release = keep;
    }
    Raw(const Raw&) = delete;
    Raw& operator=(const Raw&) = delete;
};

std::string refusal(const Raw& raw)
{
    const auto found = import_schema(raw.root);
    REQUIRE_FALSE(found);
    CHECK(found.error().kind == JF_E_DATA);
    return found.error().message;
}

} // namespace

TEST_CASE("every type is printed as it is parsed and survives the C structs", "[sdk][arrow][schema]")
{
    const Schema schema = every_type();
    OwnedSchema out;
    REQUIRE(export_schema(schema, out.out()));

    const auto back = import_schema(*out);

    REQUIRE(back);
    CHECK(*back == schema);
    for (std::size_t i = 0; i < schema.size(); ++i)
        CHECK((*back)[i].type.text() == schema[i].type.text());
}

TEST_CASE("aliases of types are understood", "[sdk][arrow][schema]")
{
    CHECK(parse_type("text")->type == Type::utf8);
    CHECK(parse_type(" string ")->type == Type::utf8);
    CHECK(parse_type("boolean")->type == Type::boolean);
    CHECK(parse_type("double")->type == Type::float64);
    CHECK(parse_type("date32")->type == Type::date32);
    CHECK(*parse_type("timestamp") == DataType(Type::timestamp, Unit::micro));
    CHECK(*parse_type("decimal( 5 )") == DataType::decimal(5, 0));
}

TEST_CASE("a wrong spelling of a type says what was expected and where", "[sdk][arrow][schema]")
{
    const auto wrong = parse_type("timestamp(hours)");
    REQUIRE_FALSE(wrong);
    CHECK(wrong.error().kind == JF_E_CONFIG);
    CHECK(wrong.error().message.find("expected s, ms, us or ns") != std::string::npos);
    for (const char* text : {"", "int65", "int64)", "decimal", "decimal(0)", "decimal(39,1)", "decimal(5,99)", "list", "list<", "list<int64",
             "map<utf8>", "dictionary<utf8, utf8>", "struct<a>", "struct<a: int64", "fixed_binary(-1)", "fixed_list<int8, x>",
             "struct<\"a: int64>", "timestamp(us"})
        CHECK_FALSE(parse_type(text));
    std::string deep;
    for (int i = 0; i < 5000; ++i)
        deep += "list<";
    CHECK_FALSE(parse_type(deep));
}

TEST_CASE("equal schemas differ neither by metadata nor by the names of list items", "[sdk][arrow][schema]")
{
    DataType list = DataType::list(Type::int64);
    list.children[0].name = "element";
    CHECK(list == DataType::list(Type::int64));
    CHECK_FALSE(list == DataType::list(Type::int32));
    CHECK(Schema{{"a", Type::int64, true, {{"k", "v"}}}} == Schema{{"a", Type::int64}});
    CHECK_FALSE(Schema{{"a", Type::int64}} == Schema{{"b", Type::int64}});
    CHECK_FALSE(Schema{{"a", Type::int64}} == Schema{{"a", Type::int64, false}});
    DataType map = DataType::map(Type::utf8, Type::int64);
    map.children[0].type.children[1].name = "v";
    CHECK(map == DataType::map(Type::utf8, Type::int64));
}

TEST_CASE("metadata and flags survive the C structs", "[sdk][arrow][schema]")
{
    Schema schema{{"id", DataType::fixed_binary(16), false, {{"ARROW:extension:name", "arrow.uuid"}, {"empty", ""}}}};
    schema.metadata = {{"origin", std::string("a\0b", 3)}};
    DataType sorted = DataType::dictionary(Type::int8, Type::utf8);
    sorted.ordered = true;
    schema.fields.push_back({"d", sorted});
    OwnedSchema out;
    REQUIRE(export_schema(schema, out.out()));

    const auto back = import_schema(*out);

    REQUIRE(back);
    CHECK(*back == schema);
    CHECK((*back)[0].metadata == schema[0].metadata);
    CHECK(back->metadata == schema.metadata);
}

TEST_CASE("a child of a schema may be moved out and released alone", "[sdk][arrow][schema]")
{
    OwnedSchema out;
    REQUIRE(export_schema(Schema{{"a", DataType::list(Type::utf8)}, {"b", Type::int64}}, out.out()));
    OwnedSchema child(*out->children[0]);
    out.reset();
    CHECK(std::string(child->format) == "+l");
    CHECK(std::string(child->children[0]->format) == "u");
}

TEST_CASE("schemas of broken producers are refused with the reason", "[sdk][arrow][schema][hostile]")
{
    CHECK(refusal(Raw({nullptr})).find("no format") != std::string::npos);
    CHECK(refusal(Raw({"q"})).find("'q' is not supported") != std::string::npos);
    for (const char* format : {"", "d:", "d:10", "d:10,", "d:0,0", "d:39,0", "d:10,2,256", "d:10,9999999", "w:", "w:-1", "w:4x", "+w:x", "tsx:", "+", "e"})
        CHECK_FALSE(refusal(Raw({format})).empty());
    CHECK(refusal(Raw({"+l"})).find("a list has one child") != std::string::npos);
    CHECK(refusal(Raw({"+r"})).find("run-end") != std::string::npos);
    CHECK(refusal(Raw({"+m"})).find("map") != std::string::npos);

    Raw missing({"l", "l"});
    missing.pointers[1] = nullptr;
    CHECK(refusal(missing).find("child 1 is missing") != std::string::npos);
    Raw negative({"l"});
    negative.root.n_children = -1;
    CHECK_FALSE(refusal(negative).empty());
    Raw none({"l"});
    none.root.children = nullptr;
    CHECK_FALSE(refusal(none).empty());
    Raw released({"l"});
    released.columns[0].release = nullptr;
    CHECK(refusal(released).find("released already") != std::string::npos);
    Raw circle({"+s"});
    circle.columns[0].n_children = 1;
    circle.columns[0].children = circle.pointers.data();
    CHECK(refusal(circle).find("nested deeper") != std::string::npos);
    Raw column({"l"});
    column.root.format = "l";
    column.root.n_children = 0;
    CHECK(refusal(column).find("must be a struct") != std::string::npos);
    Raw dictionary({"u", "u"});
    dictionary.columns[0].dictionary = &dictionary.columns[1];
    CHECK(refusal(dictionary).find("integer index") != std::string::npos);
    const std::string endless(1 << 17, 'x');
    CHECK_FALSE(refusal(Raw({endless.c_str()})).empty());
    const std::int32_t lies[] = {1, -5};
    Raw metadata({"l"});
    metadata.columns[0].metadata = reinterpret_cast<const char*>(lies);
    CHECK(refusal(metadata).find("metadata") != std::string::npos);
}

TEST_CASE("a column without a name has an empty one", "[sdk][arrow][schema]")
{
    const auto found = import_schema(Raw({"l"}).root);
    REQUIRE(found);
    CHECK((*found)[0].name.empty());
}

TEST_CASE("a type that was put together wrongly is not exported", "[sdk][arrow][schema]")
{
    OwnedSchema out;
    CHECK_FALSE(export_schema(Schema{{"good", Type::utf8}, {"bad", Type::list}}, out.out()));
    CHECK_FALSE(out);
    CHECK_FALSE(export_schema(Schema{{"bad", DataType(Type::time64, Unit::second)}}, out.out()));
    CHECK_FALSE(out);
}
