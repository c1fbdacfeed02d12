// The main program of every Catch2 test, compiled once. A test that checks nothing fails: it could not fail otherwise.
#define CATCH_CONFIG_RUNNER
#include <catch2/catch.hpp>

int main(int argc, char** argv)
{
    Catch::Session session;
    session.configData().warnings = Catch::WarnAbout::NoAssertions;
    return session.run(argc, argv);
}
