// No spelling of a secret stays in a text.
#include "observe/masker.hpp"

#include <jackfield/sdk/text.hpp>

#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <catch2/catch.hpp>
#include <openssl/evp.h>

#include <atomic>
#include <thread>

using namespace jackfield;

namespace {

std::string base64(const std::string& text)
{
    std::string out(4 * ((text.size() + 2) / 3) + 1, '\0');
    const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                       reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
    out.resize(static_cast<std::size_t>(length));
    return out;
}

std::string masked(const std::string& secret, const std::string& text)
{
    Masker masker;
    masker.add(secret);
    return masker.mask(text);
}

} // namespace

TEST_CASE("a secret is replaced wherever it stands", "[masker]")
{
    CHECK(masked("hunter22", "password=hunter22;host=db") == "password=***;host=db");
    CHECK(masked("hunter22", "hunter22") == "***");
    CHECK(masked("hunter22", "hunter22hunter22 hunter2") == "*** hunter2");
    CHECK(masked("hunter22", "nothing here") == "nothing here");
    CHECK(masked("", "nothing here") == "nothing here");
    CHECK(Masker().mask("nothing known") == "nothing known");
}

TEST_CASE("a secret is found in URLs", "[masker]")
{
    const std::string secret = "p@ss w/rd?&=+%";
    CHECK(masked(secret, "postgres://me:p%40ss%20w%2Frd%3F%26%3D%2B%25@db/x") == "postgres://me:***@db/x");
    CHECK(masked(secret, "a=p%40ss%20w%2frd%3f%26%3d%2b%25&b=1") == "a=***&b=1");
    CHECK(masked(secret, "a=p%40ss+w%2Frd%3F%26%3D%2B%25&b=1") == "a=***&b=1");
    CHECK(masked("pass(word)!", "a=pass(word)!") == "a=***");
    CHECK(masked("pass(word)!", "a=pass%28word%29%21") == "a=***");
}

TEST_CASE("a secret is found in base64, alone and beside other things", "[masker]")
{
    const std::string secret = "s3cr3t-of-the-shop?>";
    for (std::size_t before = 0; before < 7; ++before)
        for (std::size_t after = 0; after < 4; ++after) {
            const std::string text = "Basic " + base64(std::string(before, 'u') + secret + std::string(after, 'z'));
            const std::string result = masked(secret, text);
            INFO(text << " -> " << result);
            REQUIRE(result.find("***") != std::string::npos);
            // At most the two characters at each end that the neighbours share, and padding, are left.
            CHECK(result.size() <= 6 + (before + 2) * 4 / 3 + 3 + (after + 2) * 4 / 3 + 4);
        }
    std::string url = base64(secret);
    for (char& c : url)
        c = c == '+' ? '-' : c == '/' ? '_' : c;
    CHECK(masked(secret, "token " + url).find("c2VjcjN0") == std::string::npos);
}

TEST_CASE("a secret is found in JSON, also in JSON within JSON", "[masker]")
{
    const std::string secret = "a\"b\\c\nd/\x01\xc3\xbc\xf0\x9f\x98\x80";
    const std::string once = boost::json::serialize(boost::json::string(secret));
    CHECK(masked(secret, once) == "\"***\"");
    CHECK(masked(secret, boost::json::serialize(boost::json::string(once))) == "\"\\\"***\\\"\"");
    CHECK(masked(secret, sdk::json_string(secret)) == "\"***\"");
    CHECK(masked(secret, "\"a\\\"b\\\\c\\u000ad/\\u0001\xc3\xbc\xf0\x9f\x98\x80\"") == "\"***\"");
    CHECK(masked(secret, "a\\\"b\\\\c\\nd\\/\\u0001\\u00fc\\ud83d\\ude00") == "***");
    CHECK(masked(secret, "a\\\"b\\\\c\\nd/\\u0001\\u00FC\\uD83D\\uDE00") == "***");
}

TEST_CASE("secrets that overlap are covered whole", "[masker]")
{
    Masker masker;
    masker.add("abcdef");
    masker.add("defghi");
    masker.add("abcd");
    CHECK(masker.mask("xabcdefghix") == "x***x");
    CHECK(masker.mask("xabcdx") == "x***x");
}

TEST_CASE("each long line of a key is a secret, and so is the value without its newline", "[masker]")
{
    const std::string key = "-----BEGIN KEY-----\nMIIEvQIBADANBg\nkqhkiG9w0BAQ\n-----END KEY-----\n";
    CHECK(masked(key, "line 2: MIIEvQIBADANBg!") == "line 2: ***!");
    CHECK(masked("hunter2\n", "it is hunter2.") == "it is ***.");
}

TEST_CASE("a short secret is masked as a word only", "[masker]")
{
    CHECK(masked("abc", "abc abcd x-abc") == "*** abcd x-***");
    CHECK(masked("1", "1 of 10") == "*** of 10");
}

TEST_CASE("an error is masked in all its parts", "[masker]")
{
    Masker masker;
    masker.add("hunter22");
    Error error = fail(JF_E_DENIED, "user me with hunter22 is unknown", "tasks.hunter22");
    error.code = "E-hunter22";
    error = masker.mask(std::move(error));
    CHECK(error.message == "user me with *** is unknown");
    CHECK(error.where == "tasks.***");
    CHECK(error.code == "E-***");
}

TEST_CASE("secrets may be added while others mask", "[masker]")
{
    Masker masker;
    masker.add("secret-of-0");
    std::atomic<int> seen{0};
    std::vector<std::thread> threads;
    for (int number = 0; number < 8; ++number)
        threads.emplace_back([&, number] {
            const std::string mine = "secret-of-" + std::to_string(number);
            masker.add(mine);
            for (int count = 0; count < 500; ++count)
                seen += masker.mask("x " + mine + " y") != "x *** y";
        });
    for (auto& thread : threads)
        thread.join();
    CHECK(seen == 0);
}
