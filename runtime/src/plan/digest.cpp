// SHA-256 by OpenSSL, canonical JSON.
#include "plan/digest.hpp"

#include <boost/json/serialize.hpp>

// The plain functions of OpenSSL 1.1, which it keeps: those of EVP read the machine's configuration and load providers first,
// some milliseconds of a run that has no other use for them.
#define OPENSSL_API_COMPAT 10100
#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <vector>

namespace jackfield {

std::string sha256(std::string_view bytes)
{
    std::array<unsigned char, SHA256_DIGEST_LENGTH> raw{};
    SHA256_CTX state;
    if (SHA256_Init(&state) != 1 || SHA256_Update(&state, bytes.data(), bytes.size()) != 1 || SHA256_Final(raw.data(), &state) != 1)
        return {}; // the library has no SHA-256: nothing would work then
    std::string out;
    for (const unsigned char byte : raw) {
        out += "0123456789abcdef"[byte >> 4];
        out += "0123456789abcdef"[byte & 15];
    }
    return out;
}

std::string canonical_json(const boost::json::value& value)
{
    if (const auto* list = value.if_array()) {
        std::string out = "[";
        for (const auto& item : *list)
            out += (out.size() > 1 ? "," : "") + canonical_json(item);
        return out + "]";
    }
    const auto* object = value.if_object();
    if (!object)
        return boost::json::serialize(value);
    std::vector<const boost::json::key_value_pair*> members;
    for (const auto& member : *object)
        members.push_back(&member);
    std::sort(members.begin(), members.end(), [](const auto* a, const auto* b) { return a->key() < b->key(); });
    std::string out = "{";
    for (const auto* member : members)
        out += (out.size() > 1 ? "," : "") + boost::json::serialize(boost::json::string(member->key())) + ":" + canonical_json(member->value());
    return out + "}";
}

} // namespace jackfield
