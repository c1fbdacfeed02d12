// Tests of auth backends: a form is answered, wrong answers are refused alike, and no state can be made up.
#include "testkit/kit.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace jackfield::testkit {

namespace json = boost::json;

namespace {

constexpr std::int64_t second_ns = 1'000'000'000;

/// What is sent: the fact "good" or "bad": {"request": {"form": {"user": "ada"}}, "password": "…"}. Value.
struct Credentials {
    std::string request, password;
};

Result<Credentials> credentials(Kit& kit, std::string_view name)
{
    const auto given = kit.fact(name);
    if (!given || !given->is_object() || !given->get_object().contains("request"))
        return skip("needs \"" + std::string(name) + "\" in --facts: {\"request\": {\"method\": \"form\", \"form\": {\"user\": …}}, \"password\": …}");
    const json::object& object = given->get_object();
    const json::value* password = object.if_contains("password");
    return Credentials{json::serialize(object.at("request")), password && password->is_string() ? std::string(password->get_string()) : std::string()};
}

Result<AuthReply> step(Kit& kit, const AuthInstance& auth, std::string_view state, const Credentials& with)
{
    kit.doing("step() ran");
    CallFrame frame;
    frame.set_deadline_in(5 * second_ns);
    return auth.step(frame, state, with.request, with.password);
}

/// Success if it was refused as unauthenticated.
Status is_refused(const Result<AuthReply>& reply, std::string_view what)
{
    JF_TRY(must(!reply || reply->more, std::string(what) + " was let in"));
    if (!reply)
        JF_TRY(must(reply.error().kind == JF_E_UNAUTHENTICATED || reply.error().kind == JF_E_CONFIG || reply.error().kind == JF_E_DATA,
                    std::string(what) + " was refused as '" + std::string(error_class_name(reply.error().kind)) + "', not as 'unauthenticated': " + reply.error().message));
    return {};
}

Verdict accept(Kit& kit)
{
    JF_ASSIGN(const Credentials good, credentials(kit, "good"));
    JF_ASSIGN(const AuthInstance auth, kit.make<AuthInstance>());
    JF_ASSIGN(AuthReply reply, step(kit, auth, "", good));
    boost::system::error_code code;
    const json::value value = json::parse(reply.reply_json, code);
    JF_TRY(must(!code && value.is_object(), "the reply is no JSON object"));
    if (reply.more)
        return std::string("needs one more step: ") + reply.reply_json.substr(0, 80);
    const json::value* subject = value.get_object().if_contains("subject");
    JF_TRY(must(subject && subject->is_string() && !subject->get_string().empty(), "the reply names no \"subject\""));
    JF_TRY(must(reply.reply_json.find(good.password) == std::string::npos || good.password.empty(), "the reply holds the password"));
    return "lets in " + std::string(subject->get_string());
}

Verdict refuse(Kit& kit)
{
    JF_ASSIGN(const Credentials bad, credentials(kit, "bad"));
    JF_ASSIGN(const AuthInstance auth, kit.make<AuthInstance>());
    const auto reply = step(kit, auth, "", bad);
    JF_TRY(is_refused(reply, "a wrong password"));
    JF_TRY(must(!reply, "a wrong password leads to one more step"));
    JF_TRY(must(reply.error().message.find(bad.password) == std::string::npos || bad.password.empty(), "the error holds the password"));
    return "refused: " + reply.error().message;
}

Verdict alike(Kit& kit)
{
    JF_ASSIGN(const Credentials bad, credentials(kit, "bad"));
    JF_ASSIGN(const Credentials unknown, credentials(kit, "unknown"));
    JF_ASSIGN(const AuthInstance auth, kit.make<AuthInstance>());
    const auto wrong = step(kit, auth, "", bad);
    const auto nobody = step(kit, auth, "", unknown);
    JF_TRY(is_refused(wrong, "a wrong password"));
    JF_TRY(is_refused(nobody, "an unknown user"));
    if (!wrong && !nobody)
        JF_TRY(must(wrong.error().message == nobody.error().message && wrong.error().code == nobody.error().code, "tells an unknown user from a wrong password: '" + wrong.error().message + "' and '" + nobody.error().message + "'"));
    return std::string("an unknown user and a wrong password get the same answer");
}

Verdict empty_password(Kit& kit)
{
    JF_ASSIGN(Credentials good, credentials(kit, "good"));
    JF_ASSIGN(const AuthInstance auth, kit.make<AuthInstance>());
    good.password.clear();
    JF_TRY(is_refused(step(kit, auth, "", good), "an empty password"));
    good.password = std::string("\0", 1);
    JF_TRY(is_refused(step(kit, auth, "", good), "a password of one NUL"));
    return std::string("an empty password is refused");
}

Verdict near_misses(Kit& kit)
{
    JF_ASSIGN(const Credentials good, credentials(kit, "good"));
    if (good.password.empty())
        return skip("there is no password");
    JF_ASSIGN(const AuthInstance auth, kit.make<AuthInstance>());
    for (std::size_t i = 0; i < 20; ++i) {
        Credentials near = good;
        if (i == 0)
            near.password += '\0';
        else if (i == 1)
            near.password += ' ';
        else if (i == 2)
            near.password.pop_back();
        else
            near.password[kit.random().below(near.password.size())] ^= static_cast<char>(1U << kit.random().below(8));
        JF_TRY(is_refused(step(kit, auth, "", near), "a password that differs in one character"));
    }
    return std::string("20 passwords that nearly fit are refused");
}

Verdict garbage(Kit& kit)
{
    JF_ASSIGN(const Credentials bad, credentials(kit, "bad"));
    JF_ASSIGN(const AuthInstance auth, kit.make<AuthInstance>());
    for (int i = 0; i < 50; ++i) {
        kit.doing("step() was given a state of noise (number " + std::to_string(i) + ")");
        const auto reply = step(kit, auth, kit.random().bytes(1 + kit.random().below(300)), bad);
        JF_TRY(must(!reply || reply->more, "a state of noise was let in"));
    }
    for (const char* request : {"", "{", "[]", "null", "{\"form\":7}", "{\"form\":{\"user\":[]}}", "{\"form\":{}}"}) {
        kit.doing(std::string("step() was given the request ") + request);
        const auto reply = step(kit, auth, "", {request, "x"});
        JF_TRY(must(!reply || reply->more, std::string("the request '") + request + "' was let in"));
    }
    return std::string("states and requests of noise are refused");
}

Verdict replay(Kit& kit)
{
    JF_ASSIGN(const Credentials good, credentials(kit, "good"));
    JF_ASSIGN(const AuthInstance auth, kit.make<AuthInstance>());
    JF_ASSIGN(const AuthReply first, step(kit, auth, "", good));
    if (!first.more)
        return skip("it is done in one step");
    JF_TRY(must(!first.state.empty(), "one more step is needed, but there is no state to come back with"));
    JF_ASSIGN(const Credentials bad, credentials(kit, "bad"));
    for (int i = 0; i < 20; ++i) {
        std::string state = first.state;
        state[kit.random().below(state.size())] ^= static_cast<char>(1U << kit.random().below(8));
        const auto reply = step(kit, auth, state, bad);
        JF_TRY(must(!reply || reply->more, "a changed state was let in"));
    }
    return std::string("a changed state is refused");
}

constexpr Test tests[] = {
    {"auth", "accept", "good credentials are let in", accept},
    {"auth", "refuse", "bad credentials are refused", refuse},
    {"auth", "alike", "unknown users and wrong passwords get the same answer", alike},
    {"auth", "empty-password", "an empty password is refused", empty_password},
    {"auth", "near-misses", "passwords that nearly fit are refused", near_misses},
    {"auth", "noise", "states and requests of noise are refused", garbage},
    {"auth", "replay", "a changed state is refused", replay},
};

} // namespace

std::span<const Test> auth_tests() { return tests; }

} // namespace jackfield::testkit
