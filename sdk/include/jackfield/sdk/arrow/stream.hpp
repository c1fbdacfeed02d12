// ArrowArrayStream both ways: make_stream gives C a reader of batches, StreamReader reads one as Results.
#pragma once

#include <jackfield/sdk/arrow/array.hpp>
#include <jackfield/sdk/arrow/schema.hpp>
#include <jackfield/sdk/arrow/validate.hpp>

#include <cerrno>
#include <exception>
#include <functional>
#include <memory>
#include <string>

namespace jackfield {

/// Gives the next batch, or an empty OwnedArray at the end.
using NextBatch = std::function<Result<OwnedArray>()>;

namespace detail {

struct StreamParts {
    Schema schema;
    NextBatch next;
    std::string error;

    template <class Work>
    int run(Work work) noexcept // exceptions stop here: C is the caller
    {
        try {
            Status done = work();
            if (done)
                return 0;
            error = done.error().message;
            return EIO;
        } catch (const std::bad_alloc&) {
            return ENOMEM;
        } catch (const std::exception& thrown) {
            error = thrown.what();
            return EIO;
        }
    }
};

inline StreamParts& stream_parts(ArrowArrayStream* stream) { return *static_cast<StreamParts*>(stream->private_data); }

} // namespace detail

/// A stream of batches of `schema` that calls `next` for each. `next` runs on the thread of whoever reads; it is
/// destroyed with the stream. Batches are not checked here.
[[nodiscard]] inline OwnedStream make_stream(Schema schema, NextBatch next)
{
    OwnedStream made;
    ArrowArrayStream& stream = *made;
    auto parts = std::make_unique<detail::StreamParts>();
    parts->schema = std::move(schema);
    parts->next = std::move(next);
    stream.get_schema = [](ArrowArrayStream* self, ArrowSchema* out) {
        detail::StreamParts& inside = detail::stream_parts(self);
        return inside.run([&] { return export_schema(inside.schema, out); });
    };
    stream.get_next = [](ArrowArrayStream* self, ArrowArray* out) {
        detail::StreamParts& inside = detail::stream_parts(self);
        *out = ArrowArray{};
        return inside.run([&]() -> Status {
            JF_ASSIGN(OwnedArray batch, inside.next());
            *out = batch.release();
            return {};
        });
    };
    stream.get_last_error = [](ArrowArrayStream* self) {
        const std::string& error = detail::stream_parts(self).error;
        return error.empty() ? nullptr : error.c_str();
    };
    stream.release = [](ArrowArrayStream* self) {
        delete &detail::stream_parts(self);
        self->release = nullptr;
    };
    stream.private_data = parts.release();
    return made;
}

/// Reads a stream from elsewhere and checks each batch. One thread at a time.
class StreamReader {
public:
    /// Asks for the schema. Fails with JF_E_FAILED and the stream's own sentence, or JF_E_DATA (see import_schema).
    [[nodiscard]] static Result<StreamReader> open(OwnedStream stream)
    {
        if (!stream)
            return fail(JF_E_STATE, "the stream was released already");
        StreamReader made;
        made.stream_ = std::move(stream);
        OwnedSchema schema;
        if (const int code = made.stream_->get_schema(made.stream_.get(), schema.out()); code != 0)
            return made.failure(code);
        JF_ASSIGN(made.schema_, import_schema(*schema));
        return made;
    }
    [[nodiscard]] const Schema& schema() const { return schema_; }
    /// The next batch, or an empty OwnedArray at the end. Fails like open(); JF_E_DATA if validate() refuses it.
    [[nodiscard]] Result<OwnedArray> next(Check check = Check::cheap)
    {
        OwnedArray batch;
        if (const int code = stream_->get_next(stream_.get(), batch.out()); code != 0)
            return failure(code);
        if (batch)
            JF_TRY(validate(schema_, *batch, check));
        return batch;
    }

private:
    StreamReader() = default;
    [[nodiscard]] Error failure(int code)
    {
        const char* text = stream_->get_last_error ? stream_->get_last_error(stream_.get()) : nullptr;
        return fail(code == ENOMEM ? JF_E_EXHAUSTED : JF_E_FAILED, text ? std::string(text) : "the stream failed with errno " + std::to_string(code));
    }

    OwnedStream stream_;
    Schema schema_;
};

} // namespace jackfield
