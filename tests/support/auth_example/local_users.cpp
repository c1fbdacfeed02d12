// An auth backend in one step: a table of users, their passwords kept as PBKDF2 hashes.
#include <jackfield/sdk.hpp>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <array>

using namespace jackfield;

namespace {

constexpr int rounds = 10'000;
using Hash = std::array<unsigned char, 32>;

/// Two hexadecimal digits for each byte; false if the text is anything else.
bool from_hex(std::string_view text, unsigned char* out, std::size_t length)
{
    static constexpr std::string_view digits = "0123456789abcdef";
    if (text.size() != 2 * length)
        return false;
    for (std::size_t i = 0; i < length; ++i) {
        const std::size_t high = digits.find(text[2 * i]), low = digits.find(text[2 * i + 1]);
        if (high == digits.npos || low == digits.npos)
            return false;
        out[i] = static_cast<unsigned char>(high << 4 | low);
    }
    return true;
}

/// The "user" of the form; empty: there is none.
std::string user_of(std::string_view request)
{
    boost::system::error_code code;
    const boost::json::value value = boost::json::parse(request, code);
    const auto* user = code ? nullptr : value.find_pointer("/form/user", code);
    return user && user->is_string() ? std::string(user->get_string()) : std::string();
}

} // namespace

struct LocalUsers final : sdk::Auth {
    static sdk::Options options()
    {
        return sdk::Options().texts_by_name("users", "name → SALT:HASH in hexadecimal: 16 bytes, and PBKDF2-HMAC-SHA256 of the password in 10,000 rounds");
    }
    LocalUsers(const sdk::Config& config, sdk::Host)
    {
        for (const std::string& name : config.keys("users"))
            users.emplace_back(name, config.text(sdk::Config::below("users", name)));
    }

    Result<sdk::AuthReply> step(const sdk::Call&, const sdk::AuthRequest& request) override
    {
        const std::string user = user_of(request.request);
        std::string kept = std::string(32, '0') + ":" + std::string(64, '0'); // nobody's: an unknown user takes as long
        bool known = false;
        for (const auto& [name, hash] : users)
            if (name == user)
                known = true, kept = hash;
        std::array<unsigned char, 16> salt{};
        Hash expected{}, given{};
        const bool sound = kept.size() == 97 && kept[32] == ':' && from_hex(std::string_view(kept).substr(0, 32), salt.data(), salt.size()) &&
                           from_hex(std::string_view(kept).substr(33), expected.data(), expected.size());
        const bool hashed = PKCS5_PBKDF2_HMAC(request.password.data(), static_cast<int>(request.password.size()), salt.data(), static_cast<int>(salt.size()),
                                rounds, EVP_sha256(), static_cast<int>(given.size()), given.data()) == 1;
        const bool same = CRYPTO_memcmp(expected.data(), given.data(), given.size()) == 0; // takes as long for any difference
        // HMAC pads its key with zeros, so PBKDF2 cannot tell "x" from "x\0".
        const bool plain = !request.password.empty() && request.password.find('\0') == std::string_view::npos;
        if (!known || !sound || !hashed || !same || !plain || !request.state.empty())
            return fail(JF_E_UNAUTHENTICATED, "the user name or the password is wrong");
        return sdk::AuthReply{true, boost::json::serialize(boost::json::value{{"subject", user}, {"groups", boost::json::array()}}), {}};
    }

    std::vector<std::pair<std::string, std::string>> users;
};

JACKFIELD_PLUGIN("auth_example", "0.1.0", "Example", "Apache-2.0", sdk::auth<LocalUsers>("local_users", "Users of a table"))
