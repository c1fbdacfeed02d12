// Rejects: refused rows of one component, on their way to quarantine, or the reason why the task fails.
#pragma once

#include "exec/pipeline/attempt.hpp"
#include "exec/pipeline/batches.hpp"

#include <jackfield/sdk/arrow/builder.hpp>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace jackfield::exec {

/// Counts refused rows and keeps them until take(). One thread at a time: the frame's calls and what is between them.
class Rejects {
public:
    /// stage: "source", "step" or "sink". place: that of the component, for errors. to_quarantine: where there is one;
    /// false for the quarantine's own sink.
    Rejects(Attempt& attempt, std::string_view stage, std::string place, bool to_quarantine = true);

    /// Takes one row of `partition`; `record`: instead of the one in `row`. Where there is no quarantine, a sink fails with
    /// the first row, so that nothing is committed, and others with the tenth (PipelineContext::first_rejects).
    Status add(std::string_view partition, const RejectedRecord& row, std::string_view record);
    /// To be asked after each call: without a quarantine, the rows refused so far as one error.
    [[nodiscard]] Status settle() const;

    [[nodiscard]] std::int64_t waiting() const { return waiting_; }
    /// The waiting rows by partition, as batches of the quarantine's schema; none are left here.
    [[nodiscard]] Result<std::vector<std::pair<std::string, OwnedArray>>> take();

private:
    Attempt& attempt_;
    const std::string stage_, place_;
    const bool quarantine_;
    const std::uint64_t patience_;
    std::map<std::string, BatchBuilder, std::less<>> rows_; // by partition
    std::int64_t waiting_ = 0;
    std::vector<std::string> first_; // sentences, where there is no quarantine
    std::uint64_t refused_ = 0;
};

/// Index of the quarantine among the side sinks of a plan; nothing: there is none.
[[nodiscard]] std::optional<std::size_t> quarantine_of(const PipelinePlan& plan);

} // namespace jackfield::exec
