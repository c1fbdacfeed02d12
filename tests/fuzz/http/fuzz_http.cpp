// Answers of a server: no crash; what is found in a body is a part of it; records decode; positions read back as they were.
#include "page.hpp"
#include "pager.hpp"
#include "position.hpp"

#include <cstdlib>

using namespace jackfield;
using namespace jackfield::http;

namespace {

void must(bool right)
{
    if (!right)
        std::abort();
}

void read_headers(const std::string& text)
{
    Answer answer;
    answer.headers = {{"link", text}, {"link", "</2>; rel=next"}};
    must(next_link(answer).has_value());
    static_cast<void>(retry_after_ns(text, 1'700'000'000));
    answer.body = text;
    must(said(answer, {"secret"}).find("secret") == std::string::npos);
    static_cast<void>(decoded_body(text, "gzip", 1 << 16));
    static_cast<void>(decoded_body(text, "zstd", 1 << 16));
    const Url base = Url::parse("http://h/a/b?q=1").value();
    if (const auto url = base.resolve(text))
        must(Url::parse(url->text()).has_value());
}

void read_body(const std::string& path, const std::string& text)
{
    const auto body = JsonBody::read(text, 32);
    if (!body)
        return;
    static_cast<void>(body->scalar(path));
    if (const auto at = body->at(path))
        must(text.find(*at) != text.npos);
    for (const auto& separator : {std::optional<std::string>(), std::optional<std::string>("_")}) {
        auto records = body->records(path, separator);
        if (!records)
            continue;
        must(JsonBody::read(*records, 32).has_value());
        SourceSettings settings;
        settings.json.lines = false;
        auto page = Page::open(settings, *std::move(records), "fuzz", Schema{{"a", Type::utf8}});
        OwnedArray array;
        while (page) {
            const auto more = page->read({.rows = 7}, sdk::Rejects(nullptr), array);
            if (!more || !*more)
                break;
        }
    }
    PagingSettings paging;
    paging.by = Paging::next;
    paging.path = path;
    paging.most = 3;
    Pager pager(paging, Url::parse("http://h/").value());
    Answer answer;
    answer.url = pager.url();
    for (int i = 0; i < 4; ++i)
        if (!pager.came(answer, &*body) || !pager.advance(1).has_value())
            break;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string all(reinterpret_cast<const char*>(data), size);
    const std::size_t line = std::min(all.find('\n'), all.size());
    const std::string first = all.substr(0, line), rest = all.substr(std::min(line + 1, all.size()));
    if (first.find("secret") == first.npos && rest.find("secret") == rest.npos)
        read_headers(first);
    read_body(first, rest);
    if (const auto position = HttpPosition::parse(all))
        must(HttpPosition::parse(position->bytes()).has_value());
    return 0;
}
