// Small things that the wrappers share: the scope as the ABI has it, and whether a struct array can be believed.
#pragma once

#include "load/instance.hpp"

#include <jackfield/abi/arrow.h>

namespace jackfield {

[[nodiscard]] inline jf_scope abi_scope(const ProgressScope& scope) noexcept
{
    return {sizeof(jf_scope), 0, str_of(scope.flow), str_of(scope.task), str_of(scope.slice), str_of(scope.generation), bytes_of(scope.digest)};
}

/// Why this is no schema of batches ("answered …"), or nullptr.
[[nodiscard]] inline const char* wrong_struct(const ArrowSchema& schema) noexcept
{
    if (!schema.release)
        return "answered an empty schema";
    if (!schema.format || schema.format[0] != '+' || schema.format[1] != 's' || schema.format[2] != '\0')
        return "answered a schema that is no struct";
    if (schema.n_children < 0 || (schema.n_children > 0 && !schema.children))
        return "answered a schema without its columns";
    for (std::int64_t i = 0; i < schema.n_children; ++i)
        if (!schema.children[i] || !schema.children[i]->release || !schema.children[i]->format)
            return "answered a schema with a column that is empty";
    return nullptr;
}

/// Why this is no batch ("brought …"), or nullptr. Looks at the struct and the lengths of its columns, not at buffers.
[[nodiscard]] inline const char* wrong_struct(const ArrowArray& array) noexcept
{
    if (!array.release)
        return "brought an empty batch";
    if (array.length < 0 || array.offset < 0 || array.null_count < -1)
        return "brought a batch with a negative length";
    if (array.n_buffers != 1 || !array.buffers || array.n_children < 0 || (array.n_children > 0 && !array.children))
        return "brought a batch that is no struct";
    for (std::int64_t i = 0; i < array.n_children; ++i) {
        const ArrowArray* column = array.children[i];
        if (!column || !column->release)
            return "brought a batch with a column that is empty";
        if (column->length < array.length + array.offset || column->offset < 0)
            return "brought a batch with a column that is shorter than the batch";
    }
    return nullptr;
}

} // namespace jackfield
