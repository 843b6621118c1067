#!/usr/bin/perl
# Fills an empty Request Tracker 5 for the tests: queue Recovery, its custom fields, two engineers.
# Prints one line an engineer: name and API token. The passwords are invented and protect a database of one test run.
use strict;
use warnings;
use lib '/usr/share/request-tracker5/lib';
use RT -init;

sub done { my ($id, $said) = @_; die "seed: $said\n" unless $id; return $id; }

my $root  = RT->SystemUser;
my $queue = RT::Queue->new($root);
done($queue->Create(Name => 'Recovery', Description => 'BitLocker recovery'));

for my $name (qw(Device Note)) {
    my $custom = RT::CustomField->new($root);
    done($custom->Create(Name => $name, Type => 'FreeformSingle', LookupType => 'RT::Queue-RT::Ticket', MaxValues => 1));
    $custom->AddToObject($queue);
}

# The mail that each step would send is no part of what is tested, and the larger part of a ticket's price.
my $scrips = RT::Scrips->new($root);
$scrips->UnLimit;
while (my $scrip = $scrips->Next) {
    done($scrip->SetDisabled(1)) if $scrip->ActionObj->ExecModule =~ /Notify|Autoreply/;
}

my @rights = qw(SeeQueue ShowTicket ShowTicketComments CreateTicket CommentOnTicket ReplyToTicket OwnTicket TakeTicket
    StealTicket ModifyTicket DeleteTicket SeeCustomField ModifyCustomField);
for my $name (qw(first.engineer second.engineer)) {
    my $user = RT::User->new($root);
    done($user->Create(Name => $name, EmailAddress => "$name\@demo.example", Password => 'Invented-2026', Privileged => 1));
    done($user->PrincipalObj->GrantRight(Right => $_, Object => $queue)) for @rights;
    done($user->PrincipalObj->GrantRight(Right => 'ManageAuthTokens', Object => RT->System));
    my ($ok, $said, $token) = RT::AuthToken->new(RT::CurrentUser->new($user))->Create(Owner => $user->Id, Description => 'tests');
    done($ok, $said);
    print "$name $token\n";
}
