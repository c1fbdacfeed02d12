// The source and sink "memory": Arrow data of the embedder.
#pragma once

#include "exec/pipeline/pipeline.hpp"

#include <memory>

namespace jackfield::exec {

/// The component of memory_plugin() with this kind ("jf.source/0", "jf.sink/0"), joined to ports. Value: a handle; what it
/// makes keeps the ports alive, and so must the caller the MemoryFactory as long as the Factory is in use.
class MemoryFactory {
public:
    MemoryFactory(std::string_view kind, std::shared_ptr<MemoryPorts> ports);
    [[nodiscard]] Factory factory() const noexcept;

    struct Table;

private:
    std::shared_ptr<Table> table_; // its address is in instances
};

} // namespace jackfield::exec
