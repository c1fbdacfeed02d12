// Sink and Writer: batches out, durable epoch by epoch together with the tokens of what was read.
#pragma once

#include <jackfield/abi/sink.h>
#include <jackfield/sdk/arrow/array.hpp>
#include <jackfield/sdk/arrow/schema.hpp>
#include <jackfield/sdk/call.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace jackfield::sdk {

/// Under what to write; the views live as long as open(). See jf_write_request.
struct WriteRequest {
    Scope scope;
    std::string_view owner;
    bool fresh = false; ///< first writer of a new generation
    std::uint32_t lane = 0, lanes = 1;
};

/// The progress of one (source, partition); the views live as long as the call. See jf_token.
struct Token {
    std::string_view source, partition, token;
    std::uint64_t fence = 0;
};

/// What to make durable; the views live as long as the call. See jf_commit.
struct Commit {
    std::uint64_t epoch = 0;
    bool final = false;
    std::vector<Token> tokens;
    std::string_view intent, witness;

    static Commit from(const jf_commit& commit)
    {
        Commit out{commit.epoch, (commit.flags & JF_COMMIT_FINAL) != 0, {}, view(commit.intent), view(commit.witness)};
        out.tokens.reserve(commit.token_count);
        for (std::uint64_t i = 0; i < commit.token_count; ++i) {
            const jf_token& token = *commit.tokens[i];
            out.tokens.push_back({view(token.source), view(token.partition), view(token.token), token.fence});
        }
        return out;
    }
};

/// How a write or a commit ended when it did not fail.
enum class Outcome : jf_status {
    done = JF_OK,
    rejected = JF_REJECTED, ///< some rows were refused and reported; all others stand
    resend = JF_RESEND,     ///< some rows were refused and reported; abort and send again without them
    unknown = JF_UNKNOWN,   ///< commit only: resolve() will tell
};

enum class Landing : jf_status { landed = JF_LANDED, absent = JF_ABSENT, in_part = JF_IN_PART };

/// Answer of acquire: the raised fence, and the token last committed (nullopt: none).
struct Acquired {
    std::uint64_t fence = 0;
    std::optional<std::string> token;
};

/// Writes epochs. One thread at a time, not always the same.
class Writer {
public:
    virtual ~Writer() = default;

    virtual Result<Acquired> acquire(const Call&, std::string_view /*source*/, std::string_view /*partition*/)
    {
        return fail(JF_E_UNSUPPORTED, "this sink keeps no tokens");
    }
    virtual Status release(const Call&, std::string_view /*source*/, std::string_view /*partition*/) { return {}; }
    /// The schema of the batches to come; fails if it does not fit the target.
    virtual Status schema(const Call& call, const Schema& schema) = 0;
    /// One batch of the open epoch; `number` counts them from 0.
    virtual Result<Outcome> write(const Call& call, std::uint64_t number, OwnedArray batch, const Rejects& rejects) = 0;
    /// All writes since the last commit and the tokens become durable together, or not at all.
    virtual Result<Outcome> commit(const Call& call, const Commit& commit, const Rejects& rejects) = 0;
    virtual Result<Landing> resolve(const Call&, const Commit&) { return fail(JF_E_UNSUPPORTED, "this sink cannot tell what landed"); }
    virtual Status abort(const Call& call) = 0;
    /// One read-only statement that sees the rows of the open epoch.
    virtual Result<OwnedStream> query(const Call&, std::string_view /*sql*/, std::optional<OwnedStream> /*params*/)
    {
        return fail(JF_E_UNSUPPORTED, "this sink answers no query inside its open epoch");
    }
    /// Any thread: makes a call in progress come back soon.
    virtual void interrupt() {}
};

/// Base of a sink. Give it `static Options options()`, a constructor or make() as for Source, and
/// `static Description describe(const Config&)`.
class Sink {
public:
    virtual ~Sink() = default;
    virtual Result<std::unique_ptr<Writer>> open(const Call& call, const WriteRequest& request) = 0;
};

namespace detail {

inline jf_status sink_open(void* self, const jf_call* call, const jf_write_request* request, void** writer)
{
    return guard(call, [&]() -> Result<jf_status> {
        const WriteRequest wanted{Scope::from(request->scope), view(request->owner), (request->flags & JF_WRITE_FRESH) != 0,
            request->lane, request->lanes};
        JF_ASSIGN(auto made, static_cast<Sink*>(self)->open(Call(call), wanted));
        *writer = made.release();
        return JF_OK;
    });
}

inline jf_status sink_acquire(void* writer, const jf_call* call, jf_str source, jf_str partition, std::uint64_t* fence, const jf_writer* token)
{
    return guard(call, [&]() -> Result<jf_status> {
        JF_ASSIGN(const Acquired acquired, static_cast<Writer*>(writer)->acquire(Call(call), view(source), view(partition)));
        *fence = acquired.fence;
        if (!acquired.token)
            return JF_END;
        JF_TRY(put(token, *acquired.token));
        return JF_OK;
    });
}

inline jf_status sink_release(void* writer, const jf_call* call, jf_str source, jf_str partition)
{
    return guard(call, [&]() -> Result<jf_status> {
        JF_TRY(static_cast<Writer*>(writer)->release(Call(call), view(source), view(partition)));
        return JF_OK;
    });
}

inline jf_status sink_schema(void* writer, const jf_call* call, const ArrowSchema* schema)
{
    return guard(call, [&]() -> Result<jf_status> {
        JF_ASSIGN(const Schema imported, import_schema(*schema));
        JF_TRY(static_cast<Writer*>(writer)->schema(Call(call), imported));
        return JF_OK;
    });
}

inline jf_status sink_write(void* writer, const jf_call* call, std::uint64_t number, ArrowArray* batch, const jf_rejects* rejects)
{
    return guard(call, [&]() -> Result<jf_status> {
        OwnedArray owned(*batch);
        batch->release = nullptr;
        JF_ASSIGN(const Outcome outcome, static_cast<Writer*>(writer)->write(Call(call), number, std::move(owned), Rejects(rejects)));
        return static_cast<jf_status>(outcome);
    });
}

inline jf_status sink_commit(void* writer, const jf_call* call, const jf_commit* commit, const jf_rejects* rejects)
{
    return guard(call, [&]() -> Result<jf_status> {
        JF_ASSIGN(const Outcome outcome, static_cast<Writer*>(writer)->commit(Call(call), Commit::from(*commit), Rejects(rejects)));
        return static_cast<jf_status>(outcome);
    });
}

inline jf_status sink_resolve(void* writer, const jf_call* call, const jf_commit* commit)
{
    return guard(call, [&]() -> Result<jf_status> {
        JF_ASSIGN(const Landing landing, static_cast<Writer*>(writer)->resolve(Call(call), Commit::from(*commit)));
        return static_cast<jf_status>(landing);
    });
}

inline jf_status sink_abort(void* writer, const jf_call* call)
{
    return guard(call, [&]() -> Result<jf_status> {
        JF_TRY(static_cast<Writer*>(writer)->abort(Call(call)));
        return JF_OK;
    });
}

inline jf_status sink_query(void* writer, const jf_call* call, jf_str sql, ArrowArrayStream* params, ArrowArrayStream* out)
{
    return guard(call, [&]() -> Result<jf_status> {
        std::optional<OwnedStream> moved;
        if (params)
            moved.emplace(*params), params->release = nullptr;
        JF_ASSIGN(OwnedStream stream, static_cast<Writer*>(writer)->query(Call(call), view(sql), std::move(moved)));
        *out = stream.release();
        return JF_OK;
    });
}

inline const jf_sink sink_table{sizeof(jf_sink), 0, sink_open, sink_acquire, sink_release, sink_schema, sink_write, sink_commit,
    sink_resolve, sink_abort, sink_query,
    [](void* writer) { static_cast<Writer*>(writer)->interrupt(); },
    [](void* writer) { delete static_cast<Writer*>(writer); }};

} // namespace detail
} // namespace jackfield::sdk
