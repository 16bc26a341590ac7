package dev.culvert.agent.runtime;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.UnknownFieldSet;
import com.google.protobuf.UnknownFieldSet.Field;
import java.util.List;

/**
 * A protobuf message by its field numbers, without generated code: the runtime interface needs few
 * fields of few messages. Immutable.
 */
record Message(UnknownFieldSet fields) {
    static final Message EMPTY = new Message(UnknownFieldSet.getDefaultInstance());

    static Message parse(byte[] bytes) throws InvalidProtocolBufferException {
        return new Message(UnknownFieldSet.parseFrom(bytes));
    }

    byte[] bytes() {
        return fields.toByteArray();
    }

    /** With a text in a field, besides those that are there. */
    Message with(int number, String text) {
        return with(number, Field.newBuilder().addLengthDelimited(ByteString.copyFromUtf8(text)));
    }

    /** With a number in a field. */
    Message with(int number, long value) {
        return with(number, Field.newBuilder().addVarint(value));
    }

    /** With a message in a field. */
    Message with(int number, Message part) {
        return with(number, Field.newBuilder().addLengthDelimited(part.fields.toByteString()));
    }

    private Message with(int number, Field.Builder field) {
        return new Message(fields.toBuilder().mergeField(number, field.build()).build());
    }

    /** The text of a field; empty if it is not there. */
    String text(int number) {
        List<ByteString> all = fields.getField(number).getLengthDelimitedList();
        return all.isEmpty() ? "" : all.getLast().toStringUtf8();
    }

    /** The number of a field; 0 if it is not there. */
    long number(int number) {
        List<Long> all = fields.getField(number).getVarintList();
        return all.isEmpty() ? 0 : all.getLast();
    }

    /** The message of a field; empty if it is not there. */
    Message part(int number) {
        List<Message> all = parts(number);
        return all.isEmpty() ? EMPTY : all.getLast();
    }

    /** All messages of a repeated field. */
    List<Message> parts(int number) {
        return fields.getField(number).getLengthDelimitedList().stream()
                .map(Message::ofBytes)
                .toList();
    }

    private static Message ofBytes(ByteString bytes) {
        try {
            return new Message(UnknownFieldSet.parseFrom(bytes));
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalArgumentException("no message", e);
        }
    }
}
