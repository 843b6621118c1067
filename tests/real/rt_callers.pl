#!/usr/bin/perl
# A surge of callers: opens TOTAL tickets in Request Tracker, RATE a second, beside its web server and by its own API.
# A few tickets share a database transaction; once it is committed, their numbers are printed, one a line.
use strict;
use warnings;
use lib '/usr/share/request-tracker5/lib';
use RT -init;
use List::Util qw(min);
use MIME::Entity;
use Time::HiRes qw(sleep time);

my ($rate, $total) = @ARGV;
my $most  = 5;
my $begun = time;
my $made  = 0;
$| = 1;

sub opened {
    my ($number) = @_;
    my $text = MIME::Entity->build(Type => 'text/plain', Charset => 'UTF-8', Data => [sprintf('Key ID %08X', $number)]);
    my $ticket = RT::Ticket->new(RT->SystemUser);
    my ($id, undef, $said) = $ticket->Create(
        Queue     => 'Recovery',
        Subject   => "BitLocker $number",
        Requestor => sprintf('caller%02d@demo.example', $number % 50),
        Priority  => 20 * ($number % 5),
        MIMEObj   => $text,
        'CustomField-1' => sprintf('LT-%05d', $number),
    );
    die "callers: $said\n" unless $id;
    return $id;
}

while ($made < $total) {
    # Never without a pause: the web server writes too, when a token was last used, and SQLite knows no queue.
    sleep(0.01);
    my $due = min($total, int((time - $begun) * $rate), $made + $most);
    next if $due < $made + min($most, $total - $made);
    $RT::Handle->BeginTransaction;
    my @ids = map { opened($_) } $made .. $due - 1;
    $RT::Handle->Commit;
    $made = $due;
    print "$_\n" for @ids;
}
