package dev.culvert.overlay.model;

/** Numbers in network order in an array, and the sum of RFC 1071 word by word. Stateless. */
final class Octets {
    private Octets() {}

    static int u8(byte[] bytes, int at) {
        return bytes[at] & 0xff;
    }

    static int u16(byte[] bytes, int at) {
        return (u8(bytes, at) << 8) | u8(bytes, at + 1);
    }

    static int i32(byte[] bytes, int at) {
        return (u16(bytes, at) << 16) | u16(bytes, at + 2);
    }

    static void put8(byte[] bytes, int at, int value) {
        bytes[at] = (byte) value;
    }

    static void put16(byte[] bytes, int at, int value) {
        put8(bytes, at, value >> 8);
        put8(bytes, at + 1, value);
    }

    static void put32(byte[] bytes, int at, int value) {
        put16(bytes, at, value >>> 16);
        put16(bytes, at + 2, value);
    }

    /** The ones' complement sum of {@code length} bytes and {@code initial}, in 16 bits. */
    static int sum(byte[] bytes, int from, int length, int initial) {
        int sum = initial;
        for (int i = 0; i < length; i++) {
            int octet = u8(bytes, from + i);
            sum += i % 2 == 0 ? octet << 8 : octet;
            sum = (sum & 0xffff) + (sum >>> 16);
        }
        return sum;
    }

    /** Adds a 16-bit number to such a sum. */
    static int add(int sum, int number) {
        int result = sum + (number & 0xffff);
        return (result & 0xffff) + (result >>> 16);
    }
}
