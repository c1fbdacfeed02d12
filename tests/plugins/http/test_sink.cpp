// Keys of requests.
#include "sink.hpp"

#include <catch2/catch.hpp>

#include <set>

using namespace jackfield::http;

TEST_CASE("a request has the same key when it is repeated, and another one than all others")
{
    const std::string scope("flow\0task\0\0gen\0", 15);
    const std::string key = request_key(scope, 3, 0, 2, "[1,2]");
    CHECK(key == request_key(scope, 3, 0, 2, "[1,2]"));
    CHECK(key.size() == 32);
    const std::set<std::string> all{key, request_key(scope, 4, 0, 2, "[1,2]"), request_key(scope, 3, 2, 2, "[1,2]"), request_key(scope, 3, 0, 2, "[1,3]"),
        request_key(std::string("flow\0task\0x\0gen\0", 16), 3, 0, 2, "[1,2]"), request_key(scope, 30, 0, 2, "[1,2]"), request_key(scope, 3, 0, 20, "[1,2]")};
    CHECK(all.size() == 7);
}
