"""DNS queries and their answers."""

from __future__ import annotations

import struct

from dns import rdata
from dns.exception import DNSException
from dns.rdataclass import RdataClass
from dns.rdatatype import RdataType
from dns.rdtypes.ANY.TXT import TXT
from mitmproxy import dns
from mitmproxy.net.dns import op_codes, response_codes, types

from honeyweir.model import Answer, Connection, Query, Record, text
from honeyweir.tap.clock import microseconds
from honeyweir.tap.connections import common
from honeyweir.tap.http import clean


def read_query(event: Connection, flow: dns.DNSFlow) -> Query:
    """A query as it came. One with several questions names them all."""
    message = flow.request
    questions = message.questions
    return Query(
        **common(event, flow.server_conn, "dns", microseconds(message.timestamp)),
        transport=flow.client_conn.transport_protocol,
        transaction=message.id,
        name=" ".join(clean(question.name) for question in questions),
        type=" ".join(types.to_str(question.type) for question in questions),
        opcode=op_codes.to_str(message.op_code),
    )


def read_answer(message: dns.DNSMessage) -> Answer:
    """An answer with the records of all its sections."""
    records = [*message.answers, *message.authorities, *message.additionals]
    return Answer(
        time=microseconds(message.timestamp),
        rcode=response_codes.to_str(message.response_code),
        records=[_record(record) for record in records],
    )


def answers(response: dns.DNSMessage, request: dns.DNSMessage) -> bool:
    """Whether a response is to this request; one that refuses may leave the question out."""
    if not response.questions:
        return not response.answers
    asked = [(question.name.lower(), question.type) for question in request.questions]
    return asked == [(question.name.lower(), question.type) for question in response.questions]


def _record(record: dns.ResourceRecord) -> Record:
    return Record(
        name=clean(record.name),
        type=types.to_str(record.type),
        ttl=record.ttl,
        data=record_data(record),
    )


def record_data(record: dns.ResourceRecord) -> str:
    """A record's data in presentation form; what is malformed in hexadecimal."""
    try:
        match record.type:
            case types.A:
                return str(record.ipv4_address)
            case types.AAAA:
                return str(record.ipv6_address)
            case types.NS | types.CNAME | types.PTR:
                return clean(record.domain_name)
        data = rdata.from_wire(
            RdataClass.make(record.class_),
            RdataType.make(record.type),
            record.data,
            0,
            len(record.data),
        )
        return text(b"".join(data.strings)) if isinstance(data, TXT) else clean(data.to_text())
    except (ValueError, struct.error, DNSException):
        return record.data.hex()
