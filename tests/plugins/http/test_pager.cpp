// From page to page.
#include "pager.hpp"

#include <catch2/catch.hpp>

using namespace jackfield;
using namespace jackfield::http;

namespace {

Pager pager(Paging by, std::int64_t size = 0, bool short_ends = false)
{
    PagingSettings settings;
    settings.by = by;
    settings.parameter = "p";
    settings.path = "next";
    settings.size = size;
    settings.start = by == Paging::page ? 1 : 0;
    settings.short_ends = short_ends;
    settings.most = 100;
    return {settings, Url::parse("http://h/a?q=1").value()};
}

Answer answer(const std::string& body, const std::string& link = {})
{
    Answer out;
    out.url = Url::parse("http://h/a?q=1").value();
    out.body = body;
    if (!link.empty())
        out.headers.emplace_back("link", link);
    return out;
}

} // namespace

TEST_CASE("pages count up to the first empty one")
{
    Pager it = pager(Paging::page);
    CHECK(it.url().text() == "http://h/a?q=1&p=1");
    REQUIRE(it.came(answer("1"), nullptr));
    CHECK(it.advance(3).value());
    CHECK(it.url().text() == "http://h/a?q=1&p=2");
    REQUIRE(it.came(answer("2"), nullptr));
    CHECK(it.advance(1).value());
    REQUIRE(it.came(answer("3"), nullptr));
    CHECK_FALSE(it.advance(0).value());
}

TEST_CASE("a short page ends them where that is said")
{
    Pager it = pager(Paging::page, 3, true);
    REQUIRE(it.came(answer("1"), nullptr));
    CHECK(it.advance(3).value());
    REQUIRE(it.came(answer("2"), nullptr));
    CHECK_FALSE(it.advance(2).value());
}

TEST_CASE("an offset moves on by the records that came")
{
    Pager it = pager(Paging::offset);
    REQUIRE(it.came(answer("1"), nullptr));
    CHECK(it.advance(7).value());
    CHECK(it.page() == "7");
    REQUIRE(it.came(answer("2"), nullptr));
    CHECK(it.advance(4).value());
    CHECK(it.url().text() == "http://h/a?q=1&p=11");
}

TEST_CASE("the body or the Link header names the next page")
{
    Pager cursor = pager(Paging::cursor);
    const JsonBody body = JsonBody::read(R"({"next": "a b"})", 9).value();
    REQUIRE(cursor.came(answer(R"({"next": "a b"})"), &body));
    CHECK(cursor.advance(0).value());
    CHECK(cursor.url().text() == "http://h/a?q=1&p=a%20b");

    Pager next = pager(Paging::next);
    const JsonBody address = JsonBody::read(R"({"next": "b?x=2"})", 9).value();
    REQUIRE(next.came(answer(""), &address));
    CHECK(next.advance(1).value());
    CHECK(next.url().text() == "http://h/b?x=2");

    Pager link = pager(Paging::link);
    REQUIRE(link.came(answer("", "</c>; rel=next"), nullptr));
    CHECK(link.advance(1).value());
    CHECK(link.url().text() == "http://h/c");
    REQUIRE(link.came(answer(""), nullptr));
    CHECK_FALSE(link.advance(1).value());
}

TEST_CASE("circles and endless pages are errors")
{
    Pager link = pager(Paging::link);
    REQUIRE(link.came(answer("", "</b>; rel=next"), nullptr));
    REQUIRE(link.advance(1));
    REQUIRE(link.came(answer("", "</b>; rel=next"), nullptr));
    CHECK(link.advance(1).error().message.find("circle") != std::string::npos);

    Pager same = pager(Paging::page);
    REQUIRE(same.came(answer("[1]"), nullptr));
    REQUIRE(same.advance(1));
    REQUIRE(same.came(answer("[1]"), nullptr));
    CHECK(same.advance(1).error().where == "pagination.parameter");

    Pager endless = pager(Paging::page);
    Result<bool> more = true;
    for (int i = 0; more; ++i) {
        REQUIRE(endless.came(answer(std::to_string(i)), nullptr));
        more = endless.advance(1);
    }
    CHECK(more.error().where == "pagination.max_pages");
}

TEST_CASE("a page is gone back to by its name, if it is one")
{
    Pager it = pager(Paging::page);
    REQUIRE(it.go_to("7"));
    CHECK(it.url().text() == "http://h/a?q=1&p=7");
    for (const char* bad : {"", "x", "-1", "7 "})
        CHECK(it.go_to(bad).error().kind == JF_E_POSITION);
    CHECK(pager(Paging::none).go_to("1").error().kind == JF_E_POSITION);
    CHECK(pager(Paging::link).go_to("ftp://h/").error().kind == JF_E_POSITION);
}
