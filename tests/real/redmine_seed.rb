# Fills an empty Redmine 5 for the tests: project recovery with a field for the device, and two engineers.
# Prints one line an engineer: login and API key. The passwords are invented and protect a database of one test run.
Setting.rest_api_enabled = '1'
Setting.login_required = '1'
Setting.default_language = 'en'
Redmine::DefaultData::Loader.load('en') if Redmine::DefaultData::Loader.no_data?

device = IssueCustomField.create!(name: 'Device', field_format: 'string', is_for_all: true, trackers: Tracker.all)
device.update!(is_filter: true)
project = Project.create!(name: 'Recovery', identifier: 'recovery', is_public: false, trackers: Tracker.all,
                          enabled_module_names: ['issue_tracking'], issue_custom_fields: [device])
role = Role.givable.first
role.add_permission!(:view_issues, :add_issues, :edit_issues, :add_issue_notes, :view_private_notes,
                     :set_notes_private, :manage_subtasks, :delete_issues)
role.update!(issues_visibility: 'all', assignable: true, users_visibility: 'all')

%w[first.engineer second.engineer].each do |login|
  user = User.new(firstname: login.split('.')[0].capitalize, lastname: 'Engineer', mail: "#{login}@demo.example",
                  language: 'en')
  user.login = login
  user.password = user.password_confirmation = 'Invented-2026'
  user.pref.time_zone = 'Berlin'
  user.save!
  Member.create!(project: project, user: user, roles: [role])
  puts "#{login} #{user.api_key}"
end
