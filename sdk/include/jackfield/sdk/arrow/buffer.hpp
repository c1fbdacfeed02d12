// Buffer: growable raw bytes aligned for Arrow; BufferPool: keeps released ones for the next batch.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <mutex>
#include <new>
#include <utility>
#include <vector>

namespace jackfield {

/// Raw bytes aligned to 64, of a size and a capacity. Grows to powers of two; bytes beyond what was written are
/// undefined. Growing throws std::bad_alloc. One thread at a time.
class Buffer {
public:
    static constexpr std::size_t alignment = 64;

    Buffer() = default;
    Buffer(Buffer&& other) noexcept
        : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)), capacity_(std::exchange(other.capacity_, 0))
    {
    }
    Buffer& operator=(Buffer&& other) noexcept
    {
        std::swap(data_, other.data_);
        std::swap(size_, other.size_);
        std::swap(capacity_, other.capacity_);
        return *this;
    }
    Buffer(const Buffer&) = delete;
    Buffer& operator=(const Buffer&) = delete;
    ~Buffer() { free(data_); }

    /// The first byte; nullptr while nothing was ever reserved. Growing moves it.
    [[nodiscard]] std::uint8_t* data() noexcept { return data_; }
    [[nodiscard]] const std::uint8_t* data() const noexcept { return data_; }
    template <class T>
    [[nodiscard]] T* as() noexcept { return reinterpret_cast<T*>(data_); }
    template <class T>
    [[nodiscard]] const T* as() const noexcept { return reinterpret_cast<const T*>(data_); }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }

    /// Room for `bytes` in all.
    void reserve(std::size_t bytes)
    {
        if (bytes > capacity_) [[unlikely]]
            grow(bytes);
    }
    /// Room for `bytes` after size(); where they go. They count after resize or advance.
    std::uint8_t* room(std::size_t bytes)
    {
        if (bytes > capacity_ - size_) [[unlikely]] {
            if (bytes > SIZE_MAX - size_)
                throw std::bad_alloc();
            grow(size_ + bytes);
        }
        return data_ + size_;
    }
    /// New bytes are undefined.
    void resize(std::size_t bytes)
    {
        reserve(bytes);
        size_ = bytes;
    }
    /// Requires: room for them was made.
    void advance(std::size_t bytes) noexcept { size_ += bytes; }
    void append(const void* bytes, std::size_t count)
    {
        if (count == 0)
            return;
        std::memcpy(room(count), bytes, count);
        size_ += count;
    }
    template <class T>
    void push(T value)
    {
        std::memcpy(room(sizeof(T)), &value, sizeof(T));
        size_ += sizeof(T);
    }
    /// Size 0; keeps the memory.
    void clear() noexcept { size_ = 0; }

private:
    static constexpr std::size_t largest_power = std::size_t{64} << 20;

    static void free(std::uint8_t* data) noexcept
    {
        if (data)
            ::operator delete(data, std::align_val_t(alignment));
    }
    void grow(std::size_t bytes)
    {
        if (bytes > SIZE_MAX / 2)
            throw std::bad_alloc();
        // Powers of two: batches are never quite alike, and with each of their sizes a pool would keep one more buffer that fits
        // no other. What is not written to costs no memory.
        std::size_t wanted = bytes < capacity_ * 2 ? capacity_ * 2 : bytes < alignment ? alignment : bytes;
        wanted = wanted <= largest_power ? std::bit_ceil(wanted) : (wanted + alignment - 1) & ~(alignment - 1);
        auto* fresh = static_cast<std::uint8_t*>(::operator new(wanted, std::align_val_t(alignment)));
        if (size_)
            std::memcpy(fresh, data_, size_);
        free(data_);
        data_ = fresh;
        capacity_ = wanted;
    }

    std::uint8_t* data_ = nullptr;
    std::size_t size_ = 0;
    std::size_t capacity_ = 0;
};

/// Keeps buffers that a consumer released for whoever builds the next batch. Any thread. Held by shared_ptr,
/// because the arrays that give their buffers back may outlive the builder that made them.
class BufferPool {
public:
    /// Keeps at most `max_bytes` of memory; what comes on top is freed.
    explicit BufferPool(std::size_t max_bytes = std::size_t(8) << 20) : max_bytes_(max_bytes) {}

    /// An empty buffer of at least `bytes` capacity: the smallest kept one that does, else a new one.
    [[nodiscard]] Buffer take(std::size_t bytes)
    {
        bytes = bytes < smallest ? smallest : bytes;
        Buffer found;
        {
            const std::lock_guard lock(mutex_);
            std::size_t best = kept_.size();
            for (std::size_t i = 0; i < kept_.size(); ++i)
                if (kept_[i].capacity() >= bytes && (best == kept_.size() || kept_[i].capacity() < kept_[best].capacity()))
                    best = i;
            // A buffer too big for its use would be missed where it is needed, and another made there, batch after batch.
            if (best < kept_.size() && kept_[best].capacity() / 2 <= bytes) {
                found = std::move(kept_[best]);
                kept_bytes_ -= found.capacity();
                kept_[best] = std::move(kept_.back());
                kept_.pop_back();
            }
        }
        found.clear();
        found.reserve(bytes);
        return found;
    }
    /// Takes `buffer` back, or frees it if enough is kept.
    void give(Buffer buffer) noexcept
    {
        if (buffer.capacity() == 0)
            return;
        const std::lock_guard lock(mutex_);
        if (buffer.capacity() > max_bytes_ - kept_bytes_ || kept_.size() == max_buffers)
            return;
        try {
            const std::size_t bytes = buffer.capacity();
            kept_.push_back(std::move(buffer));
            kept_bytes_ += bytes;
        } catch (const std::bad_alloc&) { // then it is freed
        }
    }
    /// Bytes kept now.
    [[nodiscard]] std::size_t kept() const
    {
        const std::lock_guard lock(mutex_);
        return kept_bytes_;
    }

private:
    static constexpr std::size_t smallest = 4096;
    static constexpr std::size_t max_buffers = 1024; // take() looks at each of them

    mutable std::mutex mutex_; // guards everything below
    std::vector<Buffer> kept_;
    std::size_t kept_bytes_ = 0;
    const std::size_t max_bytes_;
};

} // namespace jackfield
