// The plugin as a host sees it: loaded, asked over the ABI with Arrow data, answering in four media types.
#include <jackfield/abi/chart.h>
#include <jackfield/sdk/arrow/builder.hpp>

#include <catch2/catch.hpp>

#include <dlfcn.h>

#include <deque>

using namespace jackfield;

namespace {

struct Said {
    jf_status kind = JF_OK;
    std::string message;
    std::string place;
};

jf_call make_call(Said& said)
{
    jf_call call{};
    call.struct_size = sizeof call;
    call.host_data = &said;
    call.deadline_ns = INT64_MAX;
    call.fail = [](const jf_call* self, const jf_error* error) {
        *static_cast<Said*>(self->host_data) = {error->kind, std::string(error->message.ptr, error->message.len),
                                                std::string(error->place.ptr, error->place.len)};
        return error->kind;
    };
    call.cancelled = [](const jf_call*) { return 0; };
    call.wait = [](const jf_call*, int64_t) { return static_cast<jf_status>(JF_OK); };
    return call;
}

// A stream over the batches it is given.
struct Batches {
    Schema schema;
    std::deque<OwnedArray> left;
};

ArrowArrayStream stream_of(Schema schema, std::deque<OwnedArray> batches)
{
    ArrowArrayStream out{};
    out.private_data = new Batches{std::move(schema), std::move(batches)};
    out.get_schema = [](ArrowArrayStream* self, ArrowSchema* schema_out) {
        return export_schema(static_cast<Batches*>(self->private_data)->schema, schema_out) ? 0 : 5;
    };
    out.get_next = [](ArrowArrayStream* self, ArrowArray* array) {
        auto& left = static_cast<Batches*>(self->private_data)->left;
        *array = left.empty() ? ArrowArray{} : left.front().release();
        if (!left.empty())
            left.pop_front();
        return 0;
    };
    out.get_last_error = [](ArrowArrayStream*) -> const char* { return nullptr; };
    out.release = [](ArrowArrayStream* self) {
        delete static_cast<Batches*>(self->private_data);
        self->release = nullptr;
    };
    return out;
}

ArrowArrayStream cities()
{
    const Schema schema{{{"city", Type::utf8}, {"people", Type::int32}, {"founded", Type::date32}}};
    std::deque<OwnedArray> batches;
    for (int batch = 0; batch < 2; ++batch) {
        BatchBuilder builder(schema);
        for (int i = 0; i < 3; ++i) {
            builder.column(0).append_text("city " + std::to_string(batch * 3 + i));
            if (i == 1)
                builder.column(1).append_null();
            else
                builder.column(1).append_i64(100 + i);
            builder.column(2).append_i64(20000 + i);
            builder.end_row();
        }
        auto made = builder.finish();
        REQUIRE(made);
        batches.push_back(std::move(*made));
    }
    return stream_of(schema, std::move(batches));
}

// The plugin's only component, made once for a test.
class Renderer {
public:
    Renderer()
    {
        void* library = ::dlopen(JACKFIELD_CHARTS_PLUGIN, RTLD_NOW | RTLD_LOCAL);
        INFO(::dlerror());
        REQUIRE(library != nullptr);
        using Entry = const jf_plugin* (*)(const jf_host*, const jf_call*);
        const auto entry = reinterpret_cast<Entry>(::dlsym(library, "jf_plugin_entry_v1"));
        REQUIRE(entry != nullptr);
        call = make_call(said);
        const jf_plugin* plugin = entry(nullptr, &call);
        REQUIRE(plugin != nullptr);
        REQUIRE(plugin->factory_count == 1);
        factory = plugin->factories[0];
        REQUIRE(std::string(factory->kind) == JF_KIND_CHART);
        REQUIRE(factory->create(factory, nullptr, &call, nullptr, nullptr, &self) == JF_OK);
        table = static_cast<const jf_chart*>(factory->table);
    }
    ~Renderer() { factory->destroy(self); }
    Renderer(const Renderer&) = delete;
    Renderer& operator=(const Renderer&) = delete;

    jf_status render(const std::vector<std::string>& specs, const std::string& media_type, std::string& out, const std::string& page = "")
    {
        std::deque<ArrowArrayStream> streams;
        std::deque<jf_figure> figures;
        std::vector<const jf_figure*> pointers;
        for (const std::string& spec : specs) {
            streams.push_back(cities());
            figures.push_back({sizeof(jf_figure), 0, {spec.data(), spec.size()}, &streams.back()});
            pointers.push_back(&figures.back());
        }
        const jf_writer writer{sizeof writer, 0, &out, [](const jf_writer* to, const void* data, size_t length) {
                                   static_cast<std::string*>(to->host_data)->append(static_cast<const char*>(data), length);
                                   return static_cast<jf_status>(JF_OK);
                               }};
        const jf_status status = table->render(self, &call, {page.data(), page.size()}, pointers.size(), pointers.data(),
                                               {media_type.data(), media_type.size()}, &writer);
        for (const ArrowArrayStream& stream : streams)
            CHECK(stream.release == nullptr);
        return status;
    }

    Said said;

private:
    jf_call call{};
    const jf_factory* factory = nullptr;
    const jf_chart* table = nullptr;
    void* self = nullptr;
};

} // namespace

TEST_CASE("the plugin draws one chart in each of its media types", "[charts][plugin]")
{
    Renderer renderer;
    const std::string spec = R"({"kind":"bar","title":"People","x":"city","y":"people"})";
    std::string svg, png, option, html;
    CHECK(renderer.render({spec}, "image/svg+xml", svg) == JF_OK);
    CHECK(svg.starts_with("<svg"));
    CHECK(svg.find(">city 5</text>") != std::string::npos);
    CHECK(renderer.render({spec}, "image/png", png) == JF_OK);
    CHECK(png.starts_with("\x89PNG"));
    CHECK(renderer.render({spec}, "application/vnd.jackfield.echarts+json", option) == JF_OK);
    CHECK(option.starts_with("{"));
    CHECK(option.find("\"city 5\"") != std::string::npos);
    CHECK(renderer.render({spec}, "text/html", html) == JF_OK);
    CHECK(html.starts_with("<!DOCTYPE html>"));
    INFO(renderer.said.message);
    CHECK(renderer.said.kind == JF_OK);
}

TEST_CASE("several charts make one page, and only a page", "[charts][plugin]")
{
    Renderer renderer;
    const std::vector<std::string> specs{R"({"kind":"line","x":"founded","y":"people"})", R"({"kind":"table"})"};
    std::string html, svg;
    CHECK(renderer.render(specs, "text/html", html, R"({"title":"Both","footer":"end","columns":2})") == JF_OK);
    CHECK(html.find("<h1>Both</h1>") != std::string::npos);
    CHECK(html.find("id=\"chart-1\"") != std::string::npos);
    CHECK(renderer.render(specs, "image/svg+xml", svg) == JF_E_UNSUPPORTED);
}

TEST_CASE("a fault of one chart says which chart and which option", "[charts][plugin]")
{
    Renderer renderer;
    std::string out;
    CHECK(renderer.render({R"({"kind":"table"})", R"({"kind":"bar","x":"town"})"}, "text/html", out) == JF_E_CONFIG);
    CHECK(renderer.said.place == "charts[1].x");
    CHECK(out.empty());
}
